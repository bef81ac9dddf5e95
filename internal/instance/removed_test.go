package instance

import (
	"os"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/finding"
)

// A run that waits while another one deletes the directory says so.
func TestLockOfADirectoryThatGoes(t *testing.T) {
	t.Parallel()
	d := Dir(t.TempDir() + "/openalgo")
	if _, err := d.Create(); err != nil {
		t.Fatal(err)
	}
	held, _, err := d.TryLock()
	if err != nil || held == nil {
		t.Fatal(err)
	}
	_, err = d.Lock(t.Context(), "stop", func(string) {
		if err := os.RemoveAll(string(d)); err != nil {
			t.Error(err)
		}
		held.Release()
	})
	if finding.IDOf(err) != "instance-removed" || finding.EndOf(err) == "" {
		t.Errorf("%v", err)
	}
}

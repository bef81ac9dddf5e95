package world

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/envfile"
	"github.com/marketcalls/openalgo-install/internal/instance"
)

// Only places that have the keys are found.
func TestSeeKeys(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "openalgo")
	work := instance.Dir(dir)
	if _, err := work.Create(); err != nil {
		t.Fatal(err)
	}
	pepper := "API_KEY_PEPPER = '" + strings.Repeat("a71e", 16) + "'\n"
	fitting, _ := envfile.Parse([]byte(pepper))
	o := &Observation{Dir: work, Data: []string{"openalgo_openalgo_db"}, State: instance.State{Salt: "x"}}
	o.State.RememberKeys(fitting)
	found := func() string {
		o.KeysAt = nil
		seeKeys(o)
		return fmt.Sprint(o.KeysAt)
	}
	put := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(work.Work(filepath.Join("backups", name)), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put("env.20260101T000000Z", strings.Replace(pepper, "a71e", "0000", 1))
	if places := found(); places != "[]" {
		t.Errorf("without any: %s", places)
	}
	put("env.20260102T000000Z", pepper)
	put("env.20260103T000000Z", "")
	if places := found(); !strings.Contains(places, work.Work("backups/env.20260102T000000Z")) {
		t.Errorf("with one that fits: %s", places)
	}
}

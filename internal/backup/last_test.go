package backup

import (
	"strings"
	"testing"
	"time"

	"github.com/marketcalls/openalgo-install/internal/instance"
)

func TestLast(t *testing.T) {
	t.Parallel()
	d := instance.Dir(t.TempDir())
	if _, err := d.Create(); err != nil {
		t.Fatal(err)
	}
	if l := LoadLast(d); l != nil || l.Text() != "" {
		t.Errorf("of none: %+v", l)
	}
	good := time.Date(2026, 11, 25, 2, 30, 0, 0, time.UTC)
	for _, l := range []Last{{At: good, OK: true, File: "/x/a.tar.zst", Bytes: 1500}, {At: good.AddDate(0, 0, 1), Message: "no room\nmore"}, {At: good.AddDate(0, 0, 2), Message: "again"}} {
		if err := l.Save(d); err != nil {
			t.Fatal(err)
		}
		got := LoadLast(d)
		if got == nil || !got.Good().Equal(good) {
			t.Errorf("%+v", got)
		}
		if text := got.Text(); strings.Contains(text, "FAILED") == l.OK || strings.Contains(text, "more") || !strings.Contains(text, " Nov 2026, 08:00 IST") {
			t.Error(text)
		}
	}
	if text := (&Last{OK: true, Bytes: 1500, File: "f"}).Text(); !strings.HasSuffix(text, "f (2 KiB)") {
		t.Error(text)
	}
}

package instance

import (
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/marketcalls/openalgo-install/internal/finding"
)

// A child that is being started has a copy of every file until its exec.
func TestALockIsFreeWhenItIsReleased(t *testing.T) {
	t.Parallel()
	d := Dir(t.TempDir())
	if _, err := d.Create(); err != nil {
		t.Fatal(err)
	}
	held, _, err := d.TryLock()
	if err != nil || held == nil {
		t.Fatal(held, err)
	}
	copied, err := unix.Dup(int(held.file.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	defer os.NewFile(uintptr(copied), "copy").Close()
	if second, _, err := d.TryLock(); err != nil || second != nil {
		t.Fatal("taken twice", err)
	}
	held.Release()
	again, holder, err := d.TryLock()
	if err != nil || again == nil {
		t.Fatalf("still held by %s: %v", holder, err)
	}
	again.Release()
}

// Whoever waits learns for whom, and does not wait without an end.
func TestAWaitForTheLockEnds(t *testing.T) {
	t.Parallel()
	d := Dir(t.TempDir())
	if _, err := d.Create(); err != nil {
		t.Fatal(err)
	}
	held, err := d.Lock(t.Context(), "restore", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer held.Release()
	var said []string
	_, err = d.lockWithin(t.Context(), time.Millisecond, "backup", func(line string) { said = append(said, line) })
	if finding.IDOf(err) != "instance-busy" || finding.KindOf(err) != finding.HostNotReady || !strings.Contains(err.Error(), "(restore, process ") {
		t.Error(err)
	}
	if len(said) == 0 || !strings.Contains(said[0], "IST)") {
		t.Error(said)
	}
}

func TestHolder(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":             "another run",
		"x":            "another run",
		"12\n":         "another run (process 12)", // of an older release
		"12 set\x1b\n": "another run (set, process 12, since 26 Nov 2026, 12:00 IST)",
	} {
		file, err := os.CreateTemp(t.TempDir(), "lock")
		if err != nil {
			t.Fatal(err)
		}
		_, _ = file.WriteAt([]byte(text), 0)
		at := time.Date(2026, 11, 26, 6, 30, 0, 0, time.UTC)
		_ = os.Chtimes(file.Name(), at, at)
		if got := holderOf(file).String(); got != want {
			t.Errorf("%q: %s", text, got)
		}
		_ = file.Close()
	}
}

package instance

import (
	"os"
	"testing"

	"golang.org/x/sys/unix"
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
		t.Fatalf("still held by %d: %v", holder, err)
	}
	again.Release()
}

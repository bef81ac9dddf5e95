package later

import (
	"errors"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/instance"
)

func created(t *testing.T) instance.Dir {
	t.Helper()
	d := instance.Dir(t.TempDir())
	if _, err := d.Create(); err != nil {
		t.Fatal(err)
	}
	return d
}

func code(err error) int {
	if err != nil {
		return 4
	}
	return 0
}

func TestAResizeWaits(t *testing.T) {
	t.Parallel()
	d := created(t)
	if a := LoadAt(d); a != nil || a.Text(string(d)) != "" {
		t.Errorf("of none: %+v", a)
	}
	if was, err := Cancel(t.Context(), d); was || err != nil {
		t.Error(was, err)
	}
	for want, failure := range map[string]error{"is done": nil, "failed: no room": errors.New("no room")} {
		_, err := Wait(t.Context(), d, At{Time: time.Now()}, code, func() (event.Result, error) {
			if a := LoadAt(d); a == nil || !a.Waiting || a.PID != os.Getpid() || !strings.Contains(a.Text(string(d)), "planned for") {
				t.Errorf("at work: %+v", a)
			}
			if file, err := CreateEvents(d); !errors.Is(err, ErrWaits) {
				t.Errorf("a second one: %v, %v", file, err)
			}
			return event.Result{Message: "is done"}, failure
		})
		if !errors.Is(err, failure) {
			t.Error(err)
		}
		if a := LoadAt(d); a == nil || a.Waiting || !a.Done || a.Exit != code(failure) || !strings.Contains(a.Text(string(d)), want) {
			t.Errorf("%s: %+v", want, a)
		}
	}
}

// A machine that is shut down ends the wait with SIGTERM. The record stays, and
// says what did not happen and how to do it.
func TestAWaitEndsWithTheMachine(t *testing.T) {
	t.Parallel()
	d := created(t)
	w := waitingIn(t, d)
	if err := w.process.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	_ = w.process.Wait()
	a := LoadAt(d)
	if a == nil || a.Waiting || a.Done {
		t.Fatalf("%+v", a)
	}
	for _, want := range []string{"did not happen", "resize --ram=4GB", "--at HH:MM"} {
		if !strings.Contains(a.Text(string(d)), want) {
			t.Errorf("%q is missing: %s", want, a.Text(string(d)))
		}
	}
	if was, err := Cancel(t.Context(), d); was || err != nil || LoadAt(d) != nil {
		t.Errorf("the user has read it: %v, %v, %+v", was, err, LoadAt(d))
	}
}

// A wait that the user cancels leaves nothing.
func TestAResizeIsCancelled(t *testing.T) {
	t.Parallel()
	d := created(t)
	w := waitingIn(t, d)
	go func() { _ = w.process.Wait() }()
	if was, err := Cancel(t.Context(), d); !was || err != nil || LoadAt(d) != nil {
		t.Errorf("%v, %v, %+v", was, err, LoadAt(d))
	}
}

// What has been done stays on record until another resize.
func TestForget(t *testing.T) {
	t.Parallel()
	d := created(t)
	if err := Forget(d); err != nil {
		t.Error(err)
	}
	if err := instance.Save(d, atName, &At{Time: time.Now(), Done: true}); err != nil {
		t.Fatal(err)
	}
	if was, err := Cancel(t.Context(), d); was || err != nil || LoadAt(d) == nil {
		t.Errorf("%v, %v, %+v", was, err, LoadAt(d))
	}
	if err := Forget(d); err != nil || LoadAt(d) != nil {
		t.Errorf("%v, %+v", err, LoadAt(d))
	}
}

func TestAWaitThatIsGone(t *testing.T) {
	t.Parallel()
	d := created(t)
	if err := instance.Save(d, atName, &At{Time: time.Now(), PID: 1}); err != nil {
		t.Fatal(err)
	}
	if a := LoadAt(d); a == nil || a.Waiting || !strings.Contains(a.Text(string(d)), "is gone") {
		t.Errorf("%+v", a)
	}
	events, err := CreateEvents(d)
	if err != nil {
		t.Fatal(err)
	}
	events.Close()
	if file, err := OpenEvents(d); err != nil {
		t.Error(err)
	} else {
		file.Close()
	}
}

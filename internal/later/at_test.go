package later

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/finding"
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
	for want, failure := range map[string]error{"is done": nil, "FAILED: no room": errors.New("no room")} {
		_, err := Wait(t.Context(), d, time.Now(), code, func() (event.Result, error) {
			if a := LoadAt(d); a == nil || !a.Waiting || a.PID != os.Getpid() || !strings.Contains(a.Text(string(d)), "waits for") {
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

func TestAResizeIsCancelled(t *testing.T) {
	t.Parallel()
	d := created(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := Wait(ctx, d, time.Now().Add(time.Hour), code, func() (event.Result, error) {
		t.Error("it is done")
		return event.Result{}, nil
	})
	if finding.KindOf(err) != finding.Cancelled || LoadAt(d) != nil {
		t.Error(err, LoadAt(d))
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

package freeze

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/engine/memory"
)

// docker has a container that runs.
func docker(t *testing.T) (*memory.Engine, string) {
	t.Helper()
	d := memory.New(t.TempDir())
	d.AddImage("openalgo:1", "sha256:1")
	id, err := d.Create(t.Context(), engine.ContainerSpec{Name: "web", Config: engine.Config{Image: "openalgo:1"}})
	if err == nil {
		err = d.Start(t.Context(), id)
	}
	if err != nil {
		t.Fatal(err)
	}
	return d, id
}

func mustBe(t *testing.T, d *memory.Engine, id, state string) {
	t.Helper()
	if c, err := d.Container(t.Context(), id); err != nil || c.State != state {
		t.Errorf("the container is %s, want %s (%v)", c.State, state, err)
	}
}

func TestTooLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, id := docker(t)
		frozen, err := Hold(t.Context(), d, NoGuard, id, func(ctx context.Context) error {
			mustBe(t, d, id, "paused")
			<-ctx.Done()
			return ctx.Err()
		})
		if !errors.Is(err, ErrTooLong) || frozen != Limit {
			t.Errorf("%s, %v", frozen, err)
		}
		mustBe(t, d, id, "running")
		// What does not look at its context is found out all the same.
		_, err = Hold(t.Context(), d, NoGuard, id, func(context.Context) error { time.Sleep(Limit + 1); return nil })
		if !errors.Is(err, ErrTooLong) {
			t.Error(err)
		}
	})
}

// The user may leave at any time.
func TestCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, id := docker(t)
		ctx, cancel := context.WithCancel(t.Context())
		_, err := Hold(ctx, d, NoGuard, id, func(ctx context.Context) error { cancel(); return ctx.Err() })
		if !errors.Is(err, context.Canceled) || IsNone(err) {
			t.Error(err)
		}
		mustBe(t, d, id, "running")
		if _, err = Hold(ctx, d, NoGuard, id, func(context.Context) error { t.Error("it was frozen"); return nil }); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}

// Nothing is frozen that nothing would thaw.
func TestNoGuard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, id := docker(t)
		fails := func(context.Context, string, string) (func(), error) { return nil, errors.New("no process") }
		for _, guard := range []Guard{nil, fails} {
			_, err := Hold(t.Context(), d, guard, id, func(context.Context) error { t.Error("it was frozen"); return nil })
			if !errors.Is(err, ErrRefused) {
				t.Error(err)
			}
		}
	})
}

// A guard thaws the container when who began it is gone, whatever Docker does late,
// and leaves it alone once it was told that nothing is left to do.
func TestWatch(t *testing.T) {
	for name, c := range map[string]struct {
		says  string
		ends  bool                                            // who began it ends
		after func(t *testing.T, d *memory.Engine, id string) // what Docker does then
		took  time.Duration
		state string
	}{
		"thawed":         {"thawed\n", true, nil, 0, "running"},
		"killed, frozen": {"", true, func(t *testing.T, d *memory.Engine, id string) { must(t, d.Pause(t.Context(), id)) }, time.Second, "running"},
		"killed, frozen late": {"", true, func(t *testing.T, d *memory.Engine, id string) {
			time.Sleep(5 * time.Second)
			must(t, d.Pause(t.Context(), id))
		}, 6 * time.Second, "running"},
		"stopped": {"", false, func(t *testing.T, d *memory.Engine, id string) { must(t, d.Pause(t.Context(), id)) }, GuardTime + time.Second, "running"},
		"Docker away": {"", true, func(t *testing.T, d *memory.Engine, id string) {
			must(t, d.Pause(t.Context(), id))
			at := time.Now()
			d.Away = func() bool { return time.Since(at) < time.Minute }
		}, time.Minute + time.Second, "running"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d, id := docker(t)
				var in io.Reader = strings.NewReader(c.says)
				if !c.ends {
					r, w := io.Pipe()
					defer w.Close()
					in = r
				}
				if c.after != nil {
					go c.after(t, d, id)
					synctest.Wait()
				}
				began := time.Now()
				var out bytes.Buffer
				if err := Watch(t.Context(), d, id, in, &out); err != nil {
					t.Error(err)
				}
				if took := time.Since(began); took > c.took+lateTime || out.String() != saysReady {
					t.Errorf("it took %s, and said %q", took, out.String())
				}
				mustBe(t, d, id, c.state)
			})
		})
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Error(err)
	}
}

// What a killed process left frozen runs again; what runs, or is gone, is left alone.
func TestLeft(t *testing.T) {
	d, id := docker(t)
	must(t, d.Pause(t.Context(), id))
	for _, want := range []bool{true, false} {
		if was, err := Left(t.Context(), d, id); was != want || err != nil {
			t.Errorf("%v, %v", was, err)
		}
		mustBe(t, d, id, "running")
	}
	if was, err := Left(t.Context(), d, "gone"); was || err != nil {
		t.Errorf("%v, %v", was, err)
	}
}

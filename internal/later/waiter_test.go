package later

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"testing"
	"time"

	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/wait"
)

// TestMain is the waiting process, too, when this program starts itself.
func TestMain(m *testing.M) {
	if len(os.Args) < 2 || os.Args[1] != "waiter" {
		os.Exit(m.Run())
	}
	switch os.Args[2] {
	case "ends":
		fmt.Println(`{"type":"note","message":"it is time"}`)
		fmt.Println(`{"type":"plan","plan":{"changes":3}}`)
		fmt.Println(`{"type":"result","ok":false,"exit":4,"changed":true,"message":"no space"}`)
	case "waits":
		time.Sleep(time.Minute)
	case "until":
		ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
		defer stop()
		at := At{Time: time.Now().Add(time.Minute), Again: []string{"resize", "--ram=4GB"}}
		_, _ = Wait(ctx, instance.Dir(os.Args[3]), at, code, func() (event.Result, error) { return event.Result{}, nil })
	}
	os.Exit(0)
}

// waitingIn starts a process that waits for a minute, and returns once it does.
func waitingIn(t *testing.T, d instance.Dir) *Waiter {
	t.Helper()
	w, err := Start(d, "waiter", "until", string(d))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.process.Process.Kill() })
	err = wait.Until(t.Context(), time.Minute, 10*time.Millisecond, func(context.Context) (bool, error) {
		s := LoadAt(d)
		return s != nil && s.Waiting, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

type somePlan struct{ Changes int }

func newPlan() any { return &somePlan{} }

func TestWaiterIsFollowed(t *testing.T) {
	t.Parallel()
	w, err := Start(created(t), "waiter", "ends")
	if err != nil {
		t.Fatal(err)
	}
	var seen []event.Event
	end, err := w.Follow(t.Context(), event.ReporterFunc(func(e event.Event) { seen = append(seen, e) }), newPlan)
	if err != nil || *end.OK || *end.Exit != 4 || end.Message != "no space" {
		t.Errorf("%+v, %v", end, err)
	}
	if len(seen) != 2 || seen[0].Plan != nil || seen[1].Plan.(*somePlan).Changes != 3 {
		t.Errorf("%+v", seen)
	}
}

func TestWaiterEndsWithoutAWord(t *testing.T) {
	t.Parallel()
	w, err := Start(created(t), "waiter", "silent")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Follow(t.Context(), event.ReporterFunc(func(event.Event) {}), newPlan); err == nil || errors.Is(err, ErrLeft) {
		t.Error(err)
	}
}

func TestWaiterIsLeft(t *testing.T) {
	t.Parallel()
	w, err := Start(created(t), "waiter", "waits")
	if err != nil {
		t.Fatal(err)
	}
	defer w.process.Process.Kill()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := w.Follow(ctx, event.ReporterFunc(func(event.Event) {}), newPlan); !errors.Is(err, ErrLeft) {
		t.Error(err)
	}
}

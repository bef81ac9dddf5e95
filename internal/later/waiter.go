package later

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
	"time"

	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/instance"
)

// ErrLeft says that the watching ended; the resize still waits.
var ErrLeft = errors.New("stopped watching")

// Waiter is the process that waits for a resize's time.
type Waiter struct {
	dir     instance.Dir
	process *exec.Cmd
}

// Start starts this program once more, in a session of its own, so that neither a
// logout nor a lost line ends it. With args it must call Wait, and report its
// events as JSON.
func Start(d instance.Dir, args ...string) (*Waiter, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find openalgo-install's own file: %w", err)
	}
	events, err := CreateEvents(d)
	if err != nil {
		return nil, err
	}
	defer events.Close()
	cmd := exec.Command(self, args...)
	cmd.Stdout = events
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the waiting process: %w", err)
	}
	return &Waiter{dir: d, process: cmd}, nil
}

// Follow passes on what the process reports, and returns its last event. newPlan
// returns what the plan in an event is read into. With ErrLeft ctx ended before.
func (w *Waiter) Follow(ctx context.Context, to event.Reporter, newPlan func() any) (event.Event, error) {
	file, err := OpenEvents(w.dir)
	if err != nil {
		return event.Event{}, err
	}
	defer file.Close()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = w.process.Wait() // how it ended is in its last event
	}()
	lines := json.NewDecoder(&following{ctx: ctx, file: file, ended: ended})
	for {
		e := event.Event{Plan: newPlan()}
		err := lines.Decode(&e)
		if e.Type != event.TypePlan {
			e.Plan = nil
		}
		switch {
		case ctx.Err() != nil:
			return event.Event{}, ErrLeft
		case err != nil:
			return event.Event{}, finding.Named(finding.Failed, "resize-not-ended", "the waiting process ended without a result (%w)", err).
				With(finding.Run("See its state, then run the resize again", "status"))
		case e.Type == event.TypeResult:
			return e, nil
		}
		to.Report(e)
	}
}

// eventPoll is how often the events of the waiting process are looked at.
const eventPoll = 200 * time.Millisecond

// following reads a file as it grows, until its writer has ended.
type following struct {
	ctx   context.Context
	file  io.Reader
	ended chan struct{}
	last  bool // the writer has ended: what is there now is all
}

func (f *following) Read(p []byte) (int, error) {
	for {
		n, err := f.file.Read(p)
		if n > 0 || err != nil && !errors.Is(err, io.EOF) || f.last {
			return n, err
		}
		select {
		case <-f.ctx.Done():
			return 0, f.ctx.Err()
		case <-f.ended:
			f.last = true
		case <-time.After(eventPoll):
		}
	}
}

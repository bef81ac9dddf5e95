package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"time"

	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/later"
	"github.com/marketcalls/openalgo-install/internal/market"
	"github.com/marketcalls/openalgo-install/internal/ops"
	"github.com/marketcalls/openalgo-install/internal/plan"
)

// later leaves the wait to a process of its own, in a session of its own,
// so that neither a logout nor a lost line ends it, and watches that.
func (c *resizeCommand) later(ctx context.Context, out *presenter, home string, all []*ops.Session) error {
	at, err := market.Next(time.Now(), c.at)
	if err != nil {
		return out.end(event.Result{}, usage("--at: %v", err))
	}
	// Nobody can be asked then, so what has to be asked is asked now.
	c.now = true
	for _, in := range all {
		p, err := in.PlanResize(ctx, c.options())
		if err == nil {
			err = c.approve(p, c.changeOptions)
		}
		if err != nil {
			return out.end(event.Result{}, err)
		}
	}
	waiter, err := c.startWaiter(home, at)
	if err != nil {
		return out.end(event.Result{}, err)
	}
	when := fmt.Sprintf("%s (%s here)", at.Format("15:04 MST"), at.Local().Format("Mon 15:04 MST"))
	out.Report(event.Event{Type: event.TypeNote, Time: time.Now(),
		Message: "the resize waits until " + when + ". You may log out; `openalgo-install resize --cancel` takes it back"})
	return watchWaiter(ctx, out, home, when, waiter)
}

// startWaiter starts this program once more.
func (c *resizeCommand) startWaiter(home string, at time.Time) (*exec.Cmd, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("finding this program's own file: %w", err)
	}
	events, err := later.CreateEvents(instance.Dir(home))
	if err != nil {
		return nil, err
	}
	defer events.Close()
	args := []string{"resize", "--dir", home, "--json", "--now", "--yes", "--until", at.Format(time.RFC3339)}
	for _, flag := range []struct {
		given bool
		text  string
	}{
		{c.all, "--all"}, {c.force, "--force"},
		{c.wait > 0, "--wait=" + c.wait.String()}, {c.ram != "", "--ram=" + c.ram}, {c.cores != 0, "--cores=" + strconv.Itoa(c.cores)},
	} {
		if flag.given {
			args = append(args, flag.text)
		}
	}
	cmd := exec.Command(self, args...)
	cmd.Stdout = events
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting the process that waits: %w", err)
	}
	return cmd, nil
}

// eventPoll is how often the events of the waiting process are looked at.
const eventPoll = 200 * time.Millisecond

// watchWaiter passes on what the waiting process does, to its end.
func watchWaiter(ctx context.Context, out *presenter, home, when string, waiter *exec.Cmd) error {
	file, err := later.OpenEvents(instance.Dir(home))
	if err != nil {
		return out.end(event.Result{}, err)
	}
	defer file.Close()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = waiter.Wait() // how it ended is in its last event
	}()
	lines := json.NewDecoder(&following{ctx: ctx, file: file, ended: ended})
	for {
		e := event.Event{Plan: &plan.Plan{}} // for a plan to be read into
		err := lines.Decode(&e)
		if e.Type != event.TypePlan {
			e.Plan = nil
		}
		switch {
		case ctx.Err() != nil:
			return out.end(event.Result{Message: "stopped watching; the resize still waits until " + when}, nil)
		case err != nil:
			return out.end(event.Result{}, fmt.Errorf("the process that waited ended without a word (%w): see `openalgo-install status`, then run the resize again", err))
		case e.Type == event.TypeResult && !*e.OK:
			return out.end(event.Result{Changed: *e.Changed}, &finding.Error{Kind: kindOfExit(*e.Exit), ID: e.ID, Err: errors.New(e.Message)})
		case e.Type == event.TypeResult:
			return out.end(event.Result{Changed: *e.Changed, URL: e.URL, Message: e.Message}, nil)
		}
		out.Report(e)
	}
}

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

func cancelResize(ctx context.Context, out *presenter, home string) error {
	was, err := later.Cancel(ctx, instance.Dir(home))
	if err != nil {
		return out.end(event.Result{}, err)
	}
	if !was {
		return out.end(event.Result{Message: "nothing to do: no resize waits"}, nil)
	}
	return out.end(event.Result{Changed: true, Message: "the resize is taken back"}, nil)
}

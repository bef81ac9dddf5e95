// Package later does what is to happen at another time: a resize that waits, and
// the daily backup that systemd or cron runs.
package later

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/market"
	"github.com/marketcalls/openalgo-install/internal/wait"
)

// At is a resize that waits for its time, or what became of it.
type At struct {
	Time    time.Time `json:"at"`
	PID     int       `json:"pid"`
	Waiting bool      `json:"waiting"` // the process that waits is alive
	Done    bool      `json:"done"`
	Exit    int       `json:"exit,omitempty"`
	Message string    `json:"message,omitempty"`
	Again   []string  `json:"again,omitempty"` // the command that does it now
}

// Names of its files in the work directory.
const (
	atName = "at.json"
	atLock = "at.lock"
	// atEvents is what the waiting process prints.
	atEvents = "at.events"
)

// ErrWaits says that a resize waits already.
var ErrWaits = errors.New("a resize is waiting already")

// LoadAt looks for a resize of an instance that waits; nil when there is none.
func LoadAt(d instance.Dir) *At {
	s, err := instance.Load[At](d, atName)
	if err != nil || s == nil {
		return nil
	}
	free, _ := holdAt(d)
	s.Waiting = free == nil && !s.Done
	if free != nil {
		instance.Funlock(free)
	}
	return s
}

// Command is what does it now: what follows the program's name.
func (s *At) Command() []string {
	if len(s.Again) == 0 { // an earlier version did not note it
		return []string{"resize"}
	}
	return s.Again
}

// Text returns it in one line, for the instance in dir; "" for nil.
func (s *At) Text(dir string) string {
	if s == nil {
		return ""
	}
	at := s.Time.In(market.IST).Format("Mon 2 Jan, 15:04 MST")
	switch {
	case s.Waiting:
		return fmt.Sprintf("a resize is planned for %s. To cancel it: %s", at, finding.Command(dir, "resize", "--cancel"))
	case s.Done && s.Exit == 0:
		return fmt.Sprintf("the resize of %s: %s", at, s.Message)
	case s.Done:
		return fmt.Sprintf("the resize of %s failed: %s", at, s.Message)
	}
	return fmt.Sprintf("the resize of %s did not happen: its process is gone (did this machine restart?). To resize now: %s. "+
		"To plan it again, add --at HH:MM", at, finding.Command(dir, s.Command()...))
}

// holdAt locks the schedule of a directory; nil while another process
// has it, which the kernel ends with that process.
func holdAt(d instance.Dir) (*os.File, error) {
	file, err := instance.OpenOwn(d.Work(atLock), os.O_RDWR|os.O_CREATE)
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", d.Work(atLock), err)
	}
	if held, err := instance.Flock(file); err != nil || !held {
		_ = file.Close()
		return nil, ErrWaits
	}
	return file, nil
}

// CreateEvents creates the file that the waiting process writes its events to.
func CreateEvents(d instance.Dir) (*os.File, error) {
	if s := LoadAt(d); s != nil && s.Waiting {
		return nil, finding.Named(finding.HostNotReady, "resize-waiting", "%w, for %s", ErrWaits, market.Text(s.Time)).
			With(finding.Run("To cancel it", "resize", "--cancel"))
	}
	if _, err := d.Create(); err != nil {
		return nil, finding.Named(finding.HostNotReady, "directory-unwritable", "%w", err)
	}
	file, err := instance.OpenOwn(d.Work(atEvents), os.O_CREATE|os.O_TRUNC|os.O_WRONLY)
	if err != nil {
		return nil, finding.Named(finding.HostNotReady, "directory-unwritable", "making %s: %w", d.Work(atEvents), err)
	}
	return file, nil
}

// OpenEvents opens that file for reading.
func OpenEvents(d instance.Dir) (*os.File, error) {
	return instance.OpenOwn(d.Work(atEvents), os.O_RDONLY)
}

// Wait waits for a time, then does something, and keeps a record of both, with
// the exit code of it. A wait that is ended stays on record: a machine that is
// shut down ends it as Cancel does, which removes the record itself.
func Wait(ctx context.Context, d instance.Dir, s At, exitCode func(error) int, do func() (event.Result, error)) (event.Result, error) {
	held, err := holdAt(d)
	if err != nil {
		return event.Result{}, finding.Named(finding.HostNotReady, "directory-unwritable", "%w", err)
	}
	defer instance.Funlock(held)
	s.PID = os.Getpid()
	if err := instance.Save(d, atName, &s); err != nil {
		return event.Result{}, err
	}
	if err := waitUntil(ctx, s.Time); err != nil {
		return event.Result{}, finding.Cancel()
	}
	result, err := do()
	s.Done, s.Exit, s.Message = true, exitCode(err), result.Message
	if err != nil {
		s.Message = finding.Prompt{Dir: string(d), Sudo: true}.Text(err)
	}
	return result, errors.Join(err, instance.Save(d, atName, &s))
}

// clockCheck is how often a wait looks at the clock, which may be set.
const clockCheck = 20 * time.Second

func waitUntil(ctx context.Context, at time.Time) error {
	for {
		left := time.Until(at.Round(0)) // by the wall clock: a suspended machine wakes up late
		if left <= 0 {
			return nil
		}
		if err := wait.For(ctx, min(left, clockCheck)); err != nil {
			return err
		}
	}
}

// endTime bounds the end of a resize that is at work already: an undo, and the
// start of what ran before.
const endTime = 22 * time.Minute

const endPoll = 500 * time.Millisecond

// Cancel ends the process that waits, and reports whether there
// was one. One that is at work already undoes it.
func Cancel(ctx context.Context, d instance.Dir) (bool, error) {
	s := LoadAt(d)
	if s == nil || !s.Waiting {
		return false, forgetMissed(d)
	}
	if err := syscall.Kill(s.PID, syscall.SIGTERM); err != nil && !errors.Is(err, syscall.ESRCH) {
		return false, finding.Named(finding.Failed, "resize-not-ended", "end the waiting process (%d): %w", s.PID, err)
	}
	err := wait.Until(ctx, endTime, endPoll, func(context.Context) (bool, error) {
		now := LoadAt(d)
		return now == nil || !now.Waiting, nil
	})
	if wait.IsOver(err) {
		err = finding.Named(finding.Failed, "resize-not-ended", "the resize in %s (process %d) is still running", d, s.PID).
			With(finding.Run("To see when it has", "status"))
	}
	if err == nil {
		err = forgetMissed(d)
	}
	return err == nil, err
}

// forgetMissed removes the record of a wait that ended before its time.
func forgetMissed(d instance.Dir) error {
	if s := LoadAt(d); s == nil || s.Waiting || s.Done {
		return nil
	}
	return Forget(d)
}

// Forget removes the record of a resize that waited, since another one has been
// done. One that waits still keeps it.
func Forget(d instance.Dir) error {
	if s := LoadAt(d); s == nil || s.Waiting {
		return nil
	}
	return instance.Own(d).Remove(atName)
}

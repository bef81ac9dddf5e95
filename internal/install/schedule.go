package install

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

// Schedule is a resize that waits for its time, or what became of it. It
// stands in <dir>/.openalgo-install/at.json.
type Schedule struct {
	At      time.Time `json:"at"`
	PID     int       `json:"pid"`
	Waiting bool      `json:"waiting"` // the process that waits is alive
	Done    bool      `json:"done"`
	Exit    int       `json:"exit,omitempty"`
	Message string    `json:"message,omitempty"`
}

// Names of the files of a schedule in the instance's work directory.
const (
	scheduleName = "at.json"
	scheduleLock = "at.lock"
	// scheduleEvents is what the waiting process prints.
	scheduleEvents = "at.events"
)

// ErrScheduled says that a resize waits already.
var ErrScheduled = errors.New("a resize waits already")

// ReadSchedule looks at the schedule of an instance; nil when there is none.
func ReadSchedule(dir string) *Schedule {
	w := instance.Dir(dir)
	s, err := instance.Load[Schedule](w, scheduleName)
	if err != nil || s == nil {
		return nil
	}
	free, _ := holdSchedule(w)
	s.Waiting = free == nil && !s.Done
	if free != nil {
		_ = free.Close()
	}
	return s
}

func (s *Schedule) text() string {
	if s == nil {
		return ""
	}
	at := s.At.In(market.IST).Format("Mon 15:04 MST")
	switch {
	case s.Waiting:
		return fmt.Sprintf("a resize waits for %s (openalgo-install resize --cancel)", at)
	case s.Done && s.Exit == 0:
		return fmt.Sprintf("the resize of %s: %s", at, s.Message)
	case s.Done:
		return fmt.Sprintf("the resize of %s FAILED: %s", at, s.Message)
	}
	return fmt.Sprintf("the resize of %s did not happen: the process that waited is gone (was the host restarted?); run openalgo-install resize", at)
}

// holdSchedule locks the schedule of a directory; nil while another process
// has it, which the kernel ends with that process.
func holdSchedule(w instance.Dir) (*os.File, error) {
	file, err := instance.OpenOwn(w.Work(scheduleLock), os.O_RDWR|os.O_CREATE)
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", w.Work(scheduleLock), err)
	}
	if held, err := instance.Flock(file); err != nil || !held {
		_ = file.Close()
		return nil, ErrScheduled
	}
	return file, nil
}

// ScheduleEvents makes the file that the waiting process writes its events to.
func ScheduleEvents(dir string) (*os.File, error) {
	if s := ReadSchedule(dir); s != nil && s.Waiting {
		return nil, finding.Errorf(finding.HostNotReady, "%w, for %s: `openalgo-install resize --cancel` takes it back", ErrScheduled, s.At.Local().Format("15:04 MST"))
	}
	w := instance.Dir(dir)
	if _, err := w.Create(); err != nil {
		return nil, finding.Errorf(finding.HostNotReady, "%w", err)
	}
	file, err := instance.OpenOwn(w.Work(scheduleEvents), os.O_CREATE|os.O_TRUNC|os.O_WRONLY)
	if err != nil {
		return nil, finding.Errorf(finding.HostNotReady, "making %s: %w", w.Work(scheduleEvents), err)
	}
	return file, nil
}

// OpenScheduleEvents opens that file for reading.
func OpenScheduleEvents(dir string) (*os.File, error) {
	return instance.OpenOwn(instance.Dir(dir).Work(scheduleEvents), os.O_RDONLY)
}

// AtTime waits for a time, then does something, and keeps a record of both, with
// the exit code of it.
func AtTime(ctx context.Context, dir string, at time.Time, exitCode func(error) int, do func() (event.Result, error)) (event.Result, error) {
	w := instance.Dir(dir)
	held, err := holdSchedule(w)
	if err != nil {
		return event.Result{}, finding.Errorf(finding.HostNotReady, "%w", err)
	}
	defer held.Close()
	s := Schedule{At: at, PID: os.Getpid()}
	if err := instance.Save(w, scheduleName, &s); err != nil {
		return event.Result{}, err
	}
	if err := waitUntil(ctx, at); err != nil {
		_ = os.Remove(w.Work(scheduleName))
		return event.Result{}, finding.Cancel()
	}
	result, err := do()
	s.Done, s.Exit, s.Message = true, exitCode(err), result.Message
	if err != nil {
		s.Message = err.Error()
	}
	return result, errors.Join(err, instance.Save(w, scheduleName, &s))
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

// CancelSchedule ends the process that waits in dir, and reports whether there
// was one. One that is at work already undoes it.
func CancelSchedule(ctx context.Context, dir string) (bool, error) {
	s := ReadSchedule(dir)
	if s == nil || !s.Waiting {
		return false, nil
	}
	if err := syscall.Kill(s.PID, syscall.SIGTERM); err != nil && !errors.Is(err, syscall.ESRCH) {
		return false, finding.Errorf(finding.Failed, "ending the process that waits (%d): %w", s.PID, err)
	}
	err := wait.Until(ctx, cleanupTime+longestStart, pollEvery, func(context.Context) (bool, error) {
		now := ReadSchedule(dir)
		return now == nil || !now.Waiting, nil
	})
	if wait.IsOver(err) {
		err = finding.Errorf(finding.Failed, "the resize in %s (process %d) has not ended yet. To see when it has: openalgo-install status", dir, s.PID)
	}
	return err == nil, err
}

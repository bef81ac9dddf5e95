package ready

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/wait"
)

// errStandsStill says that a start made no progress for too long.
var errStandsStill = errors.New("the start makes no progress")

// waiting is one wait until OpenAlgo is ready.
type waiting struct {
	*Prober
	target   Target
	times    times
	log      *logWatch
	began    time.Time
	said     time.Time        // when it last said that it waits
	last     error            // why OpenAlgo was not ready when it was asked last
	restarts int              // the container's restarts when the wait began
	seen     bool             // restarts is set
	now      engine.Container // as it was last seen
	answered time.Time        // when the container's run began in which OpenAlgo has answered
	badSince time.Time        // since when OpenAlgo has given wrong answers
	good     bool             // the last answer was right,
	goodRun  time.Time        // in the run that began then
}

func (w *waiting) run(ctx context.Context) (needsSetup bool, err error) {
	w.last = errors.New("no answer yet")
	for {
		if reason := w.log.fatal(); reason != "" {
			return false, w.notReady(reason)
		}
		if err := w.look(ctx); err != nil {
			return false, err
		}
		needsSetup, err = w.Ask(ctx, w.target)
		switch {
		case err == nil && w.lasts():
			return needsSetup, w.rightData(needsSetup)
		case err == nil:
			w.progress(event.StartProgress{Stage: event.StageAnswers}, "OpenAlgo answers. Checking that it keeps running")
			if err := wait.For(ctx, w.times.steady); err != nil {
				return false, err
			}
			continue
		}
		w.good = false
		if ctx.Err() == nil {
			w.last = err
		}
		if reason := w.persists(err); reason != nil {
			return false, w.notReady(reason.Error())
		}
		if time.Since(latest(w.began, w.log.movedAt())) > w.times.still {
			return false, errStandsStill
		}
		w.sayWaiting()
		select {
		case <-ctx.Done():
			return false, ctx.Err()
		case <-w.log.found:
		case <-time.After(w.times.poll):
		}
	}
}

func (w *waiting) notReady(reason string) error {
	return &NotReadyError{Reason: reason, Log: w.log.tail()}
}

func latest(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// look looks at the container: one that exits or restarts does not get ready.
func (w *waiting) look(ctx context.Context) error {
	c, err := w.Engine.Container(ctx, w.target.ID)
	switch {
	case errors.Is(err, engine.ErrNotFound):
		return &NotReadyError{Reason: "the container was removed while it started"}
	case errors.Is(err, engine.ErrUnreachable):
		return err
	case err != nil:
		return nil //nolint:nilerr // the deadline decides
	}
	w.now = c
	if !w.seen {
		w.restarts, w.seen = c.RestartCount, true
	}
	switch {
	case c.OOMKilled:
		return w.ended("the container ran out of memory, and Linux killed it. Give this machine more RAM or swap")
	case c.State == "restarting" || c.RestartCount > w.restarts:
		return w.ended(fmt.Sprintf("OpenAlgo exits right after each start (status %d)", c.ExitCode))
	case c.State == "exited" || c.State == "dead":
		return w.ended(fmt.Sprintf("OpenAlgo exited with status %d", c.ExitCode))
	}
	return nil
}

// ended gives the reason of a container that has ended. It is often the last
// thing that the container printed.
func (w *waiting) ended(reason string) error {
	w.log.settle(settleTime)
	if said := w.log.fatal(); said != "" {
		reason = said
	}
	return w.notReady(reason)
}

// lasts reports whether the container has given right answers for a while, in
// one and the same run of it: OpenAlgo may answer once and then fall over.
func (w *waiting) lasts() bool {
	lasted := w.good && w.goodRun.Equal(w.now.StartedAt)
	w.good, w.goodRun, w.answered = true, w.now.StartedAt, w.now.StartedAt
	return lasted
}

// rightData refuses an empty database where there was a full one: another
// volume than before (docs/openalgo-facts.md 9.3).
func (w *waiting) rightData(needsSetup bool) error {
	if !needsSetup || !w.target.SetupDone {
		return nil
	}
	return w.notReady("OpenAlgo started with an empty database; this instance had accounts. Its data volume may have been replaced. Check: " + finding.Command("", "status"))
}

// persists returns what is wrong once it has lasted: a wrong answer, or a health
// check that fails. No answer at all is only a start that takes its time.
func (w *waiting) persists(err error) error {
	wrong := (*WrongAnswer)(nil)
	switch {
	case errors.As(err, &wrong):
	case isSick(w.now, w.answered, time.Now()):
		lines := strings.Split(strings.TrimSpace(w.now.HealthLog), "\n")
		err = fmt.Errorf("the container's health check fails: %s", lines[len(lines)-1])
	default:
		w.badSince = time.Time{}
		return nil
	}
	if w.badSince.IsZero() {
		w.badSince = time.Now()
	}
	if time.Since(w.badSince) > w.times.patience {
		return err
	}
	return nil
}

// isSick reports whether Docker's health check is evidence against a container
// that does not answer. While it starts, it is not: Docker calls a start that
// takes minutes unhealthy. It is once OpenAlgo has answered in this run, or the
// run is older than any start.
func isSick(c engine.Container, answered, now time.Time) bool {
	started := c.StartedAt
	return c.Health == "unhealthy" && (answered.Equal(started) || now.Sub(started) > LongestStart)
}

// sayWaiting says from time to time that the wait goes on, and for what.
func (w *waiting) sayWaiting() {
	if time.Since(latest(w.said, w.log.movedAt())) < w.times.say {
		return
	}
	w.said = time.Now()
	w.progress(event.StartProgress{Stage: event.StageWaiting}, "waiting for OpenAlgo's first answer (Ctrl+C cancels)")
}

package install

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/compose"
	"github.com/marketcalls/openalgo-install/internal/edge"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/rehearsal"
	"github.com/marketcalls/openalgo-install/internal/wait"
)

const (
	// pollEvery is how often a starting stack is asked.
	pollEvery = 500 * time.Millisecond
	// appTime and rehearsalTime are how long a start may take without getting
	// further. OpenAlgo runs its migrations on every start, which takes minutes on
	// a small or busy server: as long as the health check's start_period.
	appTime       = 5 * time.Minute
	rehearsalTime = 20 * time.Second
	// longestStart is how long one may take that does get further.
	longestStart = 20 * time.Minute
	// appPatience and rehearsalPatience are how long wrong answers may last before
	// they count: the web server may be up before the rest is.
	appPatience       = 30 * time.Second
	rehearsalPatience = 6 * time.Second
	// appSteady and rehearsalSteady are how long the right answers must last.
	appSteady       = 2 * time.Second
	rehearsalSteady = 200 * time.Millisecond
	// sayEvery is how often a wait says that it still waits.
	sayEvery = 30 * time.Second
)

// check is what a ready stack must show.
type check struct {
	container string // "" when the stack's container is to be looked up
	name      string
	web, sock string // host:port
	local     bool   // the ports can be reached from here
	rehearsal bool
	setupDone bool // an account existed: an empty database is the wrong one
	// before says that the previous container is brought back: it gets the time of
	// a start, even if --wait gives the new one less.
	before bool
}

func (in *Installer) checkOf(s *compose.Stack, a answers.Answers) check {
	c := check{name: s.ContainerName(), local: in.Engine.Info().Local, rehearsal: a.Image.Source == "rehearsal"}
	c.web = address(s.Published(openalgo.WebPort))
	c.sock = address(s.Published(openalgo.WebSocketPort))
	return c
}

func (in *Installer) checkOfID(ctx context.Context, id string) (check, error) {
	c, err := in.Engine.Container(ctx, id)
	if err != nil {
		return check{}, fmt.Errorf("looking at the container: %w", err)
	}
	return checkOfContainer(in.Engine, c), nil
}

func checkOfContainer(e *engine.Engine, c engine.Container) check {
	return check{
		container: c.ID, name: c.Name, local: e.Info().Local,
		web: address(portOf(c, openalgo.WebPort)), sock: address(portOf(c, openalgo.WebSocketPort)),
		rehearsal: strings.HasPrefix(c.Image, rehearsal.Repository),
	}
}

// address is how this host reaches a published port; "" when it is not published.
func address(hostIP string, port int) string {
	if port == 0 {
		return ""
	}
	return edge.Upstream(hostIP, port)
}

// waitTime is how long a start may take without getting further, and how long
// in all.
func (in *Installer) waitTime(c check) (still, whole time.Duration) {
	still, whole = appTime, longestStart
	if c.rehearsal {
		still = rehearsalTime
	}
	switch {
	case in.Wait > 0 && !c.before:
		return in.Wait, in.Wait
	case in.Wait > 0:
		return max(in.Wait, still), max(in.Wait, whole)
	}
	return still, whole
}

// undoLimit bounds an undo, the start of what ran before included.
func (in *Installer) undoLimit() time.Duration { return cleanupTime + max(in.Wait, longestStart) }

// NotReadyError says why a stack is not ready, with its last log lines.
type NotReadyError struct {
	Reason string
	Log    []string
}

func (e *NotReadyError) Error() string { return e.Reason }

func logOf(err error) []string {
	if e := (*NotReadyError)(nil); errors.As(err, &e) {
		return e.Log
	}
	return nil
}

func (in *Installer) verify(ctx context.Context, c check) error {
	_, err := in.verifyReport(ctx, c)
	return err
}

// verifyReport waits until the stack is ready, or there is evidence that it
// will not be: HTTP with the right JSON and a WebSocket handshake, while the
// container's state and log are watched. It reports whether the app still
// waits for its first account.
func (in *Installer) verifyReport(ctx context.Context, c check) (needsSetup bool, err error) {
	err = in.acrossRestart(ctx, func(ctx context.Context) error {
		needsSetup, err = in.verifyOnce(ctx, c)
		return err
	})
	return needsSetup, err
}

// verifyOnce is verifyReport, but ends with engine.ErrUnreachable when the
// engine goes away meanwhile.
func (in *Installer) verifyOnce(ctx context.Context, c check) (needsSetup bool, err error) {
	if c.container == "" {
		found, err := in.Engine.Container(ctx, c.name)
		if err != nil {
			return false, &NotReadyError{Reason: "its container is gone"}
		}
		c.container = found.ID
	}
	still, whole := in.waitTime(c)
	ctx, cancel := context.WithTimeout(ctx, whole)
	defer cancel()
	watch := in.watchLog(ctx, c.container)
	v := verification{in: in, check: c, watch: watch, began: time.Now(), still: still, said: time.Now()}
	needsSetup, err = v.run(ctx)
	if err == nil {
		return needsSetup, nil
	}
	if errors.Is(ctx.Err(), context.DeadlineExceeded) || errors.Is(err, errStandsStill) {
		err = fmt.Errorf("OpenAlgo did not get ready within %s: %w", time.Since(v.began).Round(time.Second), v.last)
	}
	var notReady *NotReadyError
	if errors.As(err, &notReady) {
		return false, notReady
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, engine.ErrUnreachable) {
		return false, err
	}
	return false, &NotReadyError{Reason: err.Error(), Log: watch.tail()}
}

// errStandsStill says that a start made no progress for too long.
var errStandsStill = errors.New("the start makes no progress")

// verification is one wait for readiness.
type verification struct {
	in       *Installer
	check    check
	watch    *logWatch
	began    time.Time
	still    time.Duration    // how long it may stand still
	said     time.Time        // when it was said last that this waits
	last     error            // why it was not ready when it was asked last
	restarts int              // the container's restarts when the wait began
	seen     bool             // restarts is set
	now      engine.Container // as it was last seen
	answered time.Time        // when the run began in which the app has answered
	badSince time.Time        // since when the app has given wrong answers
	good     bool             // the last answer was right,
	goodRun  time.Time        // in the run that began then
}

func (v *verification) run(ctx context.Context) (needsSetup bool, err error) {
	v.last = errors.New("no answer yet")
	for {
		if reason := v.watch.fatal(); reason != "" {
			return false, &NotReadyError{Reason: reason, Log: v.watch.tail()}
		}
		if err := v.state(ctx); err != nil {
			return false, err
		}
		needsSetup, err = ask(ctx, v.in.Engine, v.check)
		if err == nil && v.lasts() {
			return needsSetup, v.rightData(needsSetup)
		}
		if err == nil {
			if err := wait.For(ctx, v.steady()); err != nil {
				return false, err
			}
			continue
		}
		v.good = false
		if ctx.Err() == nil {
			v.last = err
		}
		if reason := v.persists(err); reason != nil {
			return false, &NotReadyError{Reason: reason.Error(), Log: v.watch.tail()}
		}
		if time.Since(latest(v.began, v.watch.movedAt())) > v.still {
			return false, errStandsStill
		}
		v.sayWaiting()
		select {
		case <-ctx.Done():
			return false, ctx.Err()
		case <-v.watch.found:
		case <-time.After(pollEvery):
		}
	}
}

func latest(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// lasts reports whether the container has given right answers for a while, in
// one and the same run of it: an app may answer once and then fall over.
func (v *verification) lasts() bool {
	lasted := v.good && v.goodRun.Equal(v.now.StartedAt)
	v.good, v.goodRun, v.answered = true, v.now.StartedAt, v.now.StartedAt
	return lasted
}

func (v *verification) steady() time.Duration {
	if v.check.rehearsal {
		return rehearsalSteady
	}
	return appSteady
}

// rightData refuses an empty database where there was a full one: another
// volume than before (docs/openalgo-facts.md 9.3).
func (v *verification) rightData(needsSetup bool) error {
	if needsSetup && v.check.setupDone {
		return &NotReadyError{Reason: "OpenAlgo started with an empty database; this instance had accounts. Its data volume may have been replaced. Check: openalgo-install status",
			Log: v.watch.tail()}
	}
	return nil
}

func (v *verification) patience() time.Duration {
	if v.check.rehearsal {
		return rehearsalPatience
	}
	return appPatience
}

// persists returns what is wrong once it has lasted: a wrong answer, or a
// health check that fails. No answer at all is only a start that takes its time.
func (v *verification) persists(err error) error {
	var wrong *wrongAnswer
	switch {
	case errors.As(err, &wrong):
	case isSick(v.now, v.answered, time.Now()):
		err = fmt.Errorf("the container's health check fails: %s", lastLine(v.now.HealthLog))
	default:
		v.badSince = time.Time{}
		return nil
	}
	if v.badSince.IsZero() {
		v.badSince = time.Now()
	}
	if time.Since(v.badSince) > v.patience() {
		return err
	}
	return nil
}

// isSick reports whether Docker's health check is evidence against a container
// that does not answer. While it starts, it is not: Docker calls a start that
// takes minutes unhealthy. It is once the app has answered in this run, or the
// run is older than any start.
func isSick(c engine.Container, answered, now time.Time) bool {
	started := c.StartedAt
	return c.Health == "unhealthy" && (answered.Equal(started) || now.Sub(started) > longestStart)
}

// isStarting reports whether a container that does not answer may still be on
// its way up.
func isStarting(c engine.Container, now time.Time) bool {
	return c.State == "running" && c.RestartCount == 0 && c.Health != "healthy" && now.Sub(c.StartedAt) < appTime
}

// state looks at the container: one that exits or restarts does not get ready.
func (v *verification) state(ctx context.Context) error {
	c, err := v.in.Engine.Container(ctx, v.check.container)
	if errors.Is(err, engine.ErrNotFound) {
		return &NotReadyError{Reason: "the container was removed while it started"}
	}
	if errors.Is(err, engine.ErrUnreachable) {
		return err
	}
	if err != nil {
		return nil //nolint:nilerr // the deadline decides
	}
	v.now = c
	if !v.seen {
		v.restarts, v.seen = c.RestartCount, true
	}
	bad := func(format string, args ...any) error {
		// The reason is often the last thing that it printed.
		v.watch.settle()
		if reason := v.watch.fatal(); reason != "" {
			return &NotReadyError{Reason: reason, Log: v.watch.tail()}
		}
		return &NotReadyError{Reason: fmt.Sprintf(format, args...), Log: v.watch.tail()}
	}
	switch {
	case c.OOMKilled:
		return bad("the container ran out of memory and was ended by the kernel: give the host more RAM or swap")
	case c.State == "restarting" || c.RestartCount > v.restarts:
		return bad("OpenAlgo exits right after its start (status %d) and is restarted over and over", c.ExitCode)
	case c.State == "exited" || c.State == "dead":
		return bad("OpenAlgo exited with status %d", c.ExitCode)
	}
	return nil
}

package install

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/coder/websocket"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/compose"
	"github.com/marketcalls/openalgo-install/internal/edge"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/rehearsal"
)

const (
	// pollEvery is how often a starting stack is asked (design, The stack).
	pollEvery = 500 * time.Millisecond
	// probeTime bounds one question: the first request may block for 30 s
	// while the database is made (facts/upstream.md 3.1).
	probeTime = 35 * time.Second
	// patience is how long wrong answers may last before they are the answer.
	patience = 6 * time.Second
	// appTime and rehearsalTime are how long a start may take: 23 migrations
	// on a small VPS for the one (facts/upstream.md 3.2), nothing for the other.
	appTime       = 5 * time.Minute
	rehearsalTime = 20 * time.Second
	// appSteady and rehearsalSteady are how long the right answers must last.
	appSteady       = 2 * time.Second
	rehearsalSteady = 200 * time.Millisecond
)

// check is what a ready stack must show.
type check struct {
	container string // "" when the stack's container is to be looked up
	name      string
	web, sock string // host:port
	local     bool   // the ports can be reached from here
	rehearsal bool
	setupDone bool // an account existed: an empty database is the wrong one
}

func (in *Installer) checkOf(s *compose.Stack, a answers.Answers) check {
	c := check{name: s.ContainerName(), local: in.Engine.Info().Local, rehearsal: a.Image.Source == "rehearsal"}
	c.web = address(s.Published(compose.WebPort))
	c.sock = address(s.Published(compose.WebSocketPort))
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
		web: address(portOf(c, compose.WebPort)), sock: address(portOf(c, compose.WebSocketPort)),
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

func (in *Installer) waitTime(rehearsal bool) time.Duration {
	switch {
	case in.Wait > 0:
		return in.Wait
	case rehearsal:
		return rehearsalTime
	}
	return appTime
}

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
	if c.container == "" {
		found, err := in.Engine.Container(ctx, c.name)
		if err != nil {
			return false, &NotReadyError{Reason: "its container is gone"}
		}
		c.container = found.ID
	}
	wait := in.waitTime(c.rehearsal)
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	watch := in.watchLog(ctx, c.container)
	v := verification{in: in, check: c, watch: watch}
	needsSetup, err = v.run(ctx)
	if err == nil {
		return needsSetup, nil
	}
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		err = fmt.Errorf("OpenAlgo did not get ready within %s: %w", wait, err)
	}
	var notReady *NotReadyError
	if errors.As(err, &notReady) {
		return false, notReady
	}
	if errors.Is(err, context.Canceled) {
		return false, err
	}
	return false, &NotReadyError{Reason: err.Error(), Log: watch.tail()}
}

// verification is one wait for readiness.
type verification struct {
	in       *Installer
	check    check
	watch    *logWatch
	restarts int       // the container's restarts when the wait began
	seen     bool      // restarts is set
	started  time.Time // when the container's present run began
	badSince time.Time // since when the app has given wrong answers
	good     bool      // the last answer was right,
	goodRun  time.Time // in the run that began then
}

func (v *verification) run(ctx context.Context) (needsSetup bool, err error) {
	last := errors.New("no answer yet")
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
			if err := pause(ctx, v.steady()); err != nil {
				return false, err
			}
			continue
		}
		v.good = false
		if ctx.Err() == nil {
			last = err
		}
		if v.persists(err) {
			return false, &NotReadyError{Reason: err.Error(), Log: v.watch.tail()}
		}
		select {
		case <-ctx.Done():
			if errors.Is(ctx.Err(), context.Canceled) {
				return false, ctx.Err()
			}
			return false, last
		case <-v.watch.found:
		case <-time.After(pollEvery):
		}
	}
}

// lasts reports whether the container has given right answers for a while, in
// one and the same run of it: an app may answer once and then fall over.
func (v *verification) lasts() bool {
	lasted := v.good && v.goodRun.Equal(v.started)
	v.good, v.goodRun = true, v.started
	return lasted
}

func (v *verification) steady() time.Duration {
	if v.check.rehearsal {
		return rehearsalSteady
	}
	return appSteady
}

// rightData refuses an empty database where there was a full one: another
// volume than before (facts/upstream.md 9.3).
func (v *verification) rightData(needsSetup bool) error {
	if needsSetup && v.check.setupDone {
		return &NotReadyError{Reason: "OpenAlgo started with an empty database; this instance had accounts. Its data volume may have been replaced. Check: `openalgo-install status`",
			Log: v.watch.tail()}
	}
	return nil
}

// persists reports whether a wrong answer has lasted; no answer at all is only
// a start that takes its time.
func (v *verification) persists(err error) bool {
	var wrong *wrongAnswer
	if !errors.As(err, &wrong) {
		v.badSince = time.Time{}
		return false
	}
	if v.badSince.IsZero() {
		v.badSince = time.Now()
	}
	return time.Since(v.badSince) > patience
}

// state looks at the container: one that exits, restarts or is unhealthy does
// not get ready.
func (v *verification) state(ctx context.Context) error {
	c, err := v.in.Engine.Container(ctx, v.check.container)
	if errors.Is(err, engine.ErrNotFound) {
		return &NotReadyError{Reason: "the container was removed while it started"}
	}
	if err != nil {
		return nil //nolint:nilerr // the engine may be restarting; the deadline decides
	}
	v.started = c.StartedAt
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
	case c.Health == "unhealthy":
		return bad("the container's health check fails: %s", lastLine(c.HealthLog))
	}
	return nil
}

// ask puts the two questions: HTTP and WebSocket. Where the ports are on
// another machine, the engine's own health check answers instead.
func ask(ctx context.Context, e *engine.Engine, want check) (needsSetup bool, err error) {
	if !want.local {
		c, err := e.Container(ctx, want.container)
		if err != nil {
			return false, err
		}
		if c.Health != "healthy" {
			return false, fmt.Errorf("the health check says %q", c.Health)
		}
		return false, nil
	}
	if want.web == "" {
		return false, &NotReadyError{Reason: "port 5000 of the container is not published: put it back into docker-compose.yaml"}
	}
	needsSetup, err = askHTTP(ctx, want.web)
	if err != nil || want.sock == "" {
		return needsSetup, err
	}
	return needsSetup, askWebSocket(ctx, want.sock)
}

// wrongAnswer is an answer, and not the right one.
type wrongAnswer struct{ text string }

func (e *wrongAnswer) Error() string { return e.text }

// askHTTP wants 200 and the JSON of /auth/check-setup, which proves the
// database (facts/upstream.md 3.1).
func askHTTP(ctx context.Context, address string) (needsSetup bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	url := "http://" + address + "/auth/check-setup"
	status, body, err := get(ctx, url)
	if err != nil {
		return false, err
	}
	if status != http.StatusOK {
		return false, &wrongAnswer{fmt.Sprintf("%s answers %d %s", url, status, http.StatusText(status))}
	}
	var doc struct {
		NeedsSetup *bool `json:"needs_setup"`
	}
	if json.Unmarshal(body, &doc) != nil || doc.NeedsSetup == nil {
		return false, &wrongAnswer{url + " answers, but not as OpenAlgo does (no needs_setup in its JSON): is another program on this port?"}
	}
	return *doc.NeedsSetup, nil
}

// get asks one URL of this host; the body is cut at 1 MiB.
func get(ctx context.Context, url string) (status int, body []byte, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, nil, err
	}
	res, err := directClient.Do(req)
	if err != nil {
		return 0, nil, fmt.Errorf("no answer from %s", url)
	}
	defer res.Body.Close()
	if body, err = io.ReadAll(io.LimitReader(res.Body, 1<<20)); err != nil {
		return 0, nil, fmt.Errorf("no whole answer from %s", url)
	}
	return res.StatusCode, body, nil
}

// directClient never goes through a proxy of the environment: the question is
// for this host.
var directClient = &http.Client{
	Transport:     &http.Transport{DisableKeepAlives: true},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

func askWebSocket(ctx context.Context, address string) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	conn, _, err := websocket.Dial(ctx, "ws://"+address, &websocket.DialOptions{HTTPClient: directClient})
	if err != nil {
		return &wrongAnswer{fmt.Sprintf("the web interface answers, but the WebSocket proxy on %s does not: live prices would not arrive", address)}
	}
	_ = conn.Close(websocket.StatusNormalClosure, "") // a line that just drops would be in its log as an error
	return nil
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return lines[len(lines)-1]
}

// pause waits, unless ctx ends first.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

package ready

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/socket"
)

// WrongAnswer is an answer that OpenAlgo does not give when it is ready.
type WrongAnswer struct{ text string }

func (e *WrongAnswer) Error() string { return e.text }

// mostAnswer bounds what is read of an answer.
const mostAnswer = 1 << 20

// Ask asks once, over HTTP and the WebSocket. Where the ports are on another
// machine, Docker's own health check answers instead.
func (p *Prober) Ask(ctx context.Context, t Target) (needsSetup bool, err error) {
	if !t.Local {
		c, err := p.Engine.Container(ctx, t.ID)
		if err == nil && c.Health != "healthy" {
			err = fmt.Errorf("the health check reports %q", c.Health)
		}
		return false, err
	}
	if t.Web == "" {
		return false, &NotReadyError{Reason: "port 5000 of the container is not published. Add it to docker-compose.yaml again"}
	}
	needsSetup, err = askHTTP(ctx, t.Web)
	if err != nil || t.WebSocket == "" {
		return needsSetup, err
	}
	return needsSetup, askWebSocket(ctx, t.WebSocket)
}

// State is whether OpenAlgo is ready now.
type State struct {
	Ready     bool
	Starting  bool   // it may still be on its way up
	Reason    string // why it is not ready
	Stopped   bool   // it was stopped in order, and Docker leaves it so
	NoAccount bool   // it waits for its first account
}

// endedBySignal is how a container ends that is stopped: by itself, at SIGINT, SIGKILL and
// SIGTERM. One that ended so otherwise, Docker would have started again.
var endedBySignal = []int{0, 130, 137, 143}

// Now asks the OpenAlgo in a container once, and does not wait.
func (p *Prober) Now(ctx context.Context, c engine.Container) State {
	if c.State != "running" {
		reason := "the container is " + c.State
		switch inOrder := slices.Contains(endedBySignal, c.ExitCode) && (c.Restart == "unless-stopped" || c.Restart == "always"); {
		case c.State == "exited" && c.OOMKilled:
			reason = fmt.Sprintf("the container ended with status %d: it ran out of memory", c.ExitCode)
		case c.State == "exited" && inOrder:
			return State{Reason: "OpenAlgo was stopped", Stopped: true}
		case c.State == "exited":
			reason = fmt.Sprintf("the container ended with status %d", c.ExitCode)
		}
		return State{Reason: reason}
	}
	needsSetup, err := p.Ask(ctx, p.TargetOf(c))
	wrong := (*WrongAnswer)(nil)
	switch {
	case err == nil:
		return State{Ready: true, NoAccount: needsSetup}
	case isStarting(c, time.Now()) && !errors.As(err, &wrong):
		return State{Starting: true, Reason: fmt.Sprintf("OpenAlgo started %s ago and does not answer yet", time.Since(c.StartedAt).Round(time.Second))}
	}
	return State{Reason: err.Error()}
}

// longRun is how long a container has run that needs no proof that it goes on.
const longRun = 24 * time.Hour

// hasLasted reports whether one right answer proves that OpenAlgo is ready: it was
// ready in this run of the container before, or has run for a day.
func (p *Prober) hasLasted(t Target, c engine.Container, now time.Time) bool {
	if t.Proven == nil || c.State != "running" || c.RestartCount > 0 || c.OOMKilled || c.StartedAt.IsZero() {
		return false
	}
	if now.Sub(c.StartedAt) > longRun {
		return true
	}
	ready := t.Proven(c.StartedAt)
	return ready.After(c.StartedAt) && now.Sub(ready) > p.timesOf(t).steady
}

// isStarting reports whether a container that does not answer may still be on
// its way up.
func isStarting(c engine.Container, now time.Time) bool {
	return c.State == "running" && c.RestartCount == 0 && c.Health != "healthy" && now.Sub(c.StartedAt) < stillTime
}

// askHTTP requires 200 and the JSON of openalgo.CheckSetup, which proves the
// database.
func askHTTP(ctx context.Context, address string) (needsSetup bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, questionTime)
	defer cancel()
	url := "http://" + address + openalgo.CheckSetup
	status, body, err := Get(ctx, url)
	if err != nil {
		return false, err
	}
	if status != http.StatusOK {
		return false, &WrongAnswer{fmt.Sprintf("%s answers %d %s", url, status, http.StatusText(status))}
	}
	needsSetup, ok := readSetup(body)
	if !ok {
		return false, &WrongAnswer{url + " answers, but not as OpenAlgo does (no needs_setup in its JSON). Is another program on this port?"}
	}
	return needsSetup, nil
}

// readSetup reads an answer of openalgo.CheckSetup; ok reports whether it is one.
func readSetup(body []byte) (needsSetup, ok bool) {
	var doc struct {
		NeedsSetup *bool `json:"needs_setup"`
	}
	if json.Unmarshal(body, &doc) != nil || doc.NeedsSetup == nil {
		return false, false
	}
	return *doc.NeedsSetup, true
}

// Get asks one URL of this machine; the body is cut at 1 MiB.
func Get(ctx context.Context, url string) (status int, body []byte, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, nil, err
	}
	res, err := directClient.Do(req)
	if err != nil {
		return 0, nil, fmt.Errorf("no answer from %s", url)
	}
	defer res.Body.Close()
	if body, err = io.ReadAll(io.LimitReader(res.Body, mostAnswer)); err != nil {
		return 0, nil, fmt.Errorf("the answer from %s was cut off", url)
	}
	return res.StatusCode, body, nil
}

// directClient ignores the proxy of the environment: the question is for this
// machine.
var directClient = &http.Client{
	Transport:     &http.Transport{DisableKeepAlives: true},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

func askWebSocket(ctx context.Context, address string) error {
	ctx, cancel := context.WithTimeout(ctx, webSocketTime)
	defer cancel()
	if err := socket.Handshake(ctx, directClient, "ws://"+address); err != nil {
		return &WrongAnswer{fmt.Sprintf("the web interface answers, but the WebSocket proxy on %s does not: live prices would not arrive", address)}
	}
	return nil
}

// Version is the release that the OpenAlgo at an address says it is; "" where it
// does not say.
func Version(ctx context.Context, address string) string {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	var doc struct {
		Version string `json:"version"`
	}
	if _, body, err := Get(ctx, "http://"+address+openalgo.AppInfo); err != nil || json.Unmarshal(body, &doc) != nil {
		return ""
	}
	return doc.Version
}

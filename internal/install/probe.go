package install

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/coder/websocket"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
)

// probeTime bounds one question: the first request may block for 30 s while
// the database is made.
const probeTime = 35 * time.Second

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
		return false, &NotReadyError{Reason: "port 5000 of the container is not published. Add it to docker-compose.yaml again"}
	}
	needsSetup, err = askHTTP(ctx, want.web)
	if err != nil || want.sock == "" {
		return needsSetup, err
	}
	return needsSetup, askWebSocket(ctx, want.sock)
}

// wrongAnswer is an answer that OpenAlgo does not give when it is ready.
type wrongAnswer struct{ text string }

func (e *wrongAnswer) Error() string { return e.text }

// askHTTP wants 200 and the JSON of /auth/check-setup, which proves the
// database.
func askHTTP(ctx context.Context, address string) (needsSetup bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	url := "http://" + address + openalgo.CheckSetup
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
		return false, &wrongAnswer{url + " answers, but not as OpenAlgo does (no needs_setup in its JSON). Is another program on this port?"}
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

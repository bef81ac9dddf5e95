package rehearsal

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/socket"
)

// insideTime bounds a call that OpenAlgo's strategies would make.
const insideTime = 5 * time.Second

// Inside is what /rehearsal/inside answers: whether HOST_SERVER and WEBSOCKET_URL,
// which strategies and other parts of OpenAlgo call, can be reached from inside the
// container.
type Inside struct {
	HostServer string `json:"host_server"`
	WebSocket  string `json:"websocket_url"`
	Answers    bool   `json:"answers"`
	Error      string `json:"error,omitempty"`
}

func (a serving) serveInside(w http.ResponseWriter, r *http.Request) {
	got := Inside{HostServer: a.setting("HOST_SERVER"), WebSocket: a.setting("WEBSOCKET_URL")}
	if err := errors.Join(callInside(r.Context(), got.HostServer), shakeInside(r.Context(), got.WebSocket)); err != nil {
		got.Error = err.Error()
	}
	got.Answers = got.Error == ""
	writeJSON(w, http.StatusOK, got)
}

func callInside(ctx context.Context, server string) error {
	ctx, cancel := context.WithTimeout(ctx, insideTime)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(server, "/")+openalgo.CheckSetup, nil)
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	return res.Body.Close()
}

// shakeInside connects to a WebSocket; an address that is not set is none.
func shakeInside(ctx context.Context, url string) error {
	if url == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, insideTime)
	defer cancel()
	return socket.Handshake(ctx, http.DefaultClient, url)
}

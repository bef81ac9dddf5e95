package rehearsal

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/marketcalls/openalgo-install/internal/openalgo"
)

// insideTime bounds a call that OpenAlgo's strategies would make.
const insideTime = 5 * time.Second

// Inside is what /rehearsal/inside answers: whether HOST_SERVER, which
// strategies and other parts of OpenAlgo call, can be reached from inside the
// container. It cannot where another port than 5000 is published.
type Inside struct {
	HostServer string `json:"host_server"`
	Answers    bool   `json:"answers"`
	Error      string `json:"error,omitempty"`
}

func (a serving) serveInside(w http.ResponseWriter, r *http.Request) {
	got := Inside{HostServer: a.setting("HOST_SERVER")}
	if err := callInside(r.Context(), got.HostServer); err != nil {
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

package rehearsal_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"github.com/marketcalls/openalgo-install/internal/rehearsal"
)

// The test app calls HOST_SERVER and WEBSOCKET_URL as a strategy in the container
// would.
func TestCallsFromInside(t *testing.T) {
	there := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Upgrade") == "" {
			http.NotFound(w, r)
		} else if conn, err := websocket.Accept(w, r, nil); err == nil {
			_ = conn.CloseNow()
		}
	}))
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	t.Cleanup(there.Close)
	for url, answers := range map[string]bool{there.URL: true, gone.URL: false} {
		r := up(t, newRoot(t, map[string]string{"HOST_SERVER": url, "WEBSOCKET_URL": "ws" + strings.TrimPrefix(url, "http")}))
		var got rehearsal.Inside
		r.getJSON("/rehearsal/inside", &got)
		if got.HostServer != url || got.Answers != answers || got.Answers == (got.Error != "") {
			t.Errorf("%+v, want answers %v", got, answers)
		}
		r.cancel()
	}
}

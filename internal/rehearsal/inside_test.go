package rehearsal_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/rehearsal"
)

// The test app calls HOST_SERVER as a strategy in the container would.
func TestCallsFromInside(t *testing.T) {
	there := httptest.NewServer(http.NotFoundHandler())
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	t.Cleanup(there.Close)
	for url, answers := range map[string]bool{there.URL: true, gone.URL: false} {
		r := up(t, newRoot(t, map[string]string{"HOST_SERVER": url}))
		var got rehearsal.Inside
		r.getJSON("/rehearsal/inside", &got)
		if got.HostServer != url || got.Answers != answers || got.Answers == (got.Error != "") {
			t.Errorf("%+v, want answers %v", got, answers)
		}
		r.cancel()
	}
}

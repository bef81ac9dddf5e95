package recent_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/publicip"
	"github.com/marketcalls/openalgo-install/internal/publicip/recent"
)

const mine = "203.0.113.7"

// Whatever looks again and again asks once an hour, for all instances of this machine.
func TestFind(t *testing.T) {
	t.Setenv("XDG_STATE_HOME", t.TempDir())
	var asked atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		_, _ = fmt.Fprint(w, mine)
	}))
	defer server.Close()
	service := server.URL
	t.Setenv(publicip.Services, service+"/a,"+service+"/b")
	if got := recent.Known(); got.Known() {
		t.Errorf("before anybody asked: %v", got)
	}
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if got := recent.Find(t.Context()); got.String() != mine {
				t.Errorf("%v", got)
			}
		})
	}
	all.Wait()
	if n := asked.Load(); n != 2 {
		t.Errorf("%d questions", n)
	}
	if got := recent.Known(); got.Best().String() != mine {
		t.Errorf("%v", got)
	}
	if recent.Ask(t.Context()); asked.Load() != 4 {
		t.Errorf("a person who asks now got what was found before")
	}
	t.Setenv(publicip.Services, service+"/c,"+service+"/d")
	if recent.Find(t.Context()); asked.Load() != 6 {
		t.Errorf("others were not asked: %d", asked.Load())
	}
	t.Setenv(publicip.Off, "1")
	if got := recent.Known(); got.Known() || asked.Load() != 6 {
		t.Errorf("%v", got)
	}
	recent.Find(t.Context())
	if asked.Load() != 6 {
		t.Error("the switch asks somebody")
	}
}

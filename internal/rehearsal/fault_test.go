package rehearsal_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"testing"
	"time"
)

func withFault(t *testing.T, fault string) *running {
	t.Helper()
	return up(t, newRoot(t, map[string]string{"OPENALGO_REHEARSAL_FAIL": fault}))
}

func TestFaultHTTP500(t *testing.T) {
	r := withFault(t, "http500")
	if status, _ := r.get("/auth/check-setup"); status != http.StatusInternalServerError {
		t.Errorf("check-setup answers %d, want 500", status)
	}
	if status, _ := r.get("/rehearsal/report"); status != http.StatusOK {
		t.Errorf("report answers %d, want 200", status)
	}
}

func TestFaultBadJSON(t *testing.T) {
	r := withFault(t, "badjson")
	status, body := r.get("/auth/check-setup")
	if status != http.StatusOK || json.Valid([]byte(body)) {
		t.Errorf("check-setup answers %d %s, want 200 with broken JSON", status, body)
	}
}

func TestFaultNoWebSocket(t *testing.T) {
	r := withFault(t, "nows")
	if r.ws != "" {
		t.Errorf("the WebSocket listens on %s", r.ws)
	}
	if !r.needsSetup() {
		t.Error("the web server should answer as ever")
	}
}

// TestFaultSilent: the connection stands and the client's patience ends, and a
// stop does not wait for it.
func TestFaultSilent(t *testing.T) {
	r := withFault(t, "silent")
	for _, addr := range []string{r.web, r.ws} {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr+"/auth/check-setup", nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err = http.DefaultClient.Do(req); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("GET on %s: %v, want no answer", addr, err)
		}
		cancel()
	}
	r.cancel()
	if code := r.end(); code != 0 {
		t.Errorf("exit code %d, want 0", code)
	}
}

// The two times below are lower bounds; a busy machine cannot break them.

func TestFaultSlow(t *testing.T) {
	started := time.Now()
	r := withFault(t, "slow:100ms")
	r.needsSetup()
	if waited := time.Since(started); waited < 100*time.Millisecond {
		t.Errorf("it answered after %v, before its time", waited)
	}
}

func TestStopTakesItsTime(t *testing.T) {
	r := up(t, newRoot(t, map[string]string{"OPENALGO_REHEARSAL_STOP": "100ms"}))
	stopped := time.Now()
	r.cancel()
	if code := r.end(); code != 0 {
		t.Errorf("exit code %d, want 0", code)
	}
	if took := time.Since(stopped); took < 100*time.Millisecond {
		t.Errorf("it ended after %v, before its time", took)
	}
}

// While it migrates it listens nowhere, and says how far it is.
func TestFaultMigrate(t *testing.T) {
	started := time.Now()
	r := withFault(t, "migrate:100ms")
	r.needsSetup()
	if waited := time.Since(started); waited < 100*time.Millisecond/2 {
		t.Errorf("it answered after %v, before its time", waited)
	}
}

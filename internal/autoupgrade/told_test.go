package autoupgrade

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/notify"
	"github.com/marketcalls/openalgo-install/internal/notify/target"
)

// A release that fails is rolled back, told to a receiver that is one, and not tried
// again in the windows that follow.
func TestFailedIsToldAndHeld(t *testing.T) {
	t.Setenv("XDG_STATE_HOME", t.TempDir())
	var events []string
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var got struct{ Event, Severity string }
		if err := json.NewDecoder(r.Body).Decode(&got); err != nil {
			t.Error(err)
		}
		events = append(events, got.Event+" "+got.Severity)
	}))
	defer receiver.Close()
	hook, err := target.Parse(target.Webhook, receiver.URL+"/hook")
	if err != nil {
		t.Fatal(err)
	}
	n := notify.New("test")
	if err := n.Add(t.Context(), hook); err != nil {
		t.Fatal(err)
	}
	w, dir := due(t)
	w.fails = finding.Named(finding.RolledBack, "rolled-back", "the new release does not start")
	r := w.runner(dir)
	r.Tell = func(ctx context.Context, m notify.Message) {
		if err := n.Send(ctx, m); err != nil {
			t.Error(err)
		}
	}
	if _, err := r.Run(t.Context()); finding.KindOf(err) != finding.RolledBack || w.runs.Digest != "sha256:a" {
		t.Errorf("%v, and %+v runs", err, w.runs)
	}
	w.now = w.now.AddDate(0, 0, 7)
	why, err := r.Run(t.Context())
	if err != nil || !strings.Contains(why, "failed on") {
		t.Errorf("%q, %v", why, err)
	}
	if want := []string{"upgrade-failed problem"}; !slices.Equal(events, want) {
		t.Errorf("%q, want %q", events, want)
	}
}

package app

import (
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/edge"
	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/run"
)

// OpenAlgo of an interrupted run answers, and only its HTTPS does not: it is in
// use, and an undo would take what came into its data since. A run that has just
// started it is undone.
func TestNewOneStaysWithoutItsHTTPS(t *testing.T) {
	t.Parallel()
	nobody := run.Verification{Site: instance.Edge{Kind: edge.KindNginx, Domain: "algo.example.com", HTTPS: 1}}
	for name, resumed := range map[string]bool{"interrupted": true, "just started": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var warned []string
			a := &App{Report: event.ReporterFunc(func(e event.Event) {
				if e.Type == event.TypeWarning {
					warned = append(warned, e.Message)
				}
			})}
			err := a.Serves(t.Context(), nobody, resumed)
			if (err == nil) != resumed {
				t.Errorf("%v", err)
			}
			text := strings.Join(warned, "\n")
			if says := strings.Contains(text, "https://algo.example.com is not served") && strings.Contains(text, "openalgo-install domain algo.example.com"); says != resumed {
				t.Errorf("it warns: %q", text)
			}
		})
	}
}

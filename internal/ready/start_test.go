package ready

import (
	"slices"
	"testing"
	"time"

	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
)

// The lines are those of OpenAlgo's start script and of that in images built
// here.
func TestStartProgress(t *testing.T) {
	for name, c := range map[string]struct {
		count int
		lines []string
		want  []string
	}{
		"OpenAlgo's": {2, []string{
			"[OpenAlgo] Starting up...", "[OpenAlgo] Running database migrations...", "Running: Feed Token Support", "Script: add_feed_token.py",
			"[OK] Feed Token Support - Completed", "Running: Order Mode & Action Center", "Script: migrate_order-mode.py",
			"[OpenAlgo] Starting WebSocket proxy server on port 8765...", "[OpenAlgo] Starting application on port 5000 with eventlet...",
			"Script: late.py",
		}, []string{"running the migrations", "migrations 1 of 2", "migrations 2 of 2", "starting the web server"}},
		"built here": {0, []string{"[openalgo] migrating the database", "Script: a.py", "[openalgo] starting OpenAlgo on port 5000"},
			[]string{"running the migrations", "migrations, 1 so far", "starting the web server"}},
		"the first line missed": {23, []string{"Script: a.py"}, []string{"migrations 1 of 23"}},
		"no migrations":         {23, []string{"Script: a.sh", "hello"}, nil},
	} {
		var said []string
		var last *event.StartProgress
		w := watching(nil)
		w.count = func() int { return c.count }
		w.prober.Report = event.ReporterFunc(func(e event.Event) {
			if e.Type == event.TypeProgress {
				said, last = append(said, e.Message), e.Start
			}
		})
		for _, line := range c.lines {
			w.take(line)
		}
		if !slices.Equal(said, c.want) {
			t.Errorf("%s: %q, want %q", name, said, c.want)
		}
		if moved := w.movedAt(); moved.IsZero() != (c.want == nil) || last != nil && last.Stage == "" {
			t.Errorf("%s: moved %v, %+v", name, moved, last)
		}
	}
}

// A log that goes on and on is no start that gets further for ever.
func TestProgressEnds(t *testing.T) {
	w := watching(nil)
	w.count = func() int { return 1 }
	w.take("[OpenAlgo] Running database migrations...")
	for range openalgo.MostMigrations {
		w.take("Script: a.py")
	}
	w.moved = time.Time{}
	w.take("Script: a.py")
	if !w.movedAt().IsZero() {
		t.Error("it counts for ever")
	}
}

package ready

import (
	"context"
	"sync"
	"time"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/printable"
	"github.com/marketcalls/openalgo-install/internal/secret"
)

// keptLines is how much of a container's log a failure shows.
const keptLines = 25

// Line returns a line of OpenAlgo's log, fit to be shown: what a terminal acts on
// goes first, since it may stand within a secret.
func Line(redact *secret.Redactor, line string) string {
	return openalgo.PrintedKey.ReplaceAllString(redact.Redact(printable.Line(line)), "${1}[secret]")
}

// logWatch follows a container's log: it keeps the last lines and notices fatal
// ones.
type logWatch struct {
	prober *Prober
	count  func() int    // the migrations that there are
	found  chan struct{} // closed when a fatal line was seen
	ended  chan struct{} // closed when the log ended

	mu     sync.Mutex
	lines  []string
	reason string
	start  event.StartProgress
	moved  time.Time // when the start got further
}

// watch follows the log of the container's present run until ctx ends.
func (p *Prober) watch(ctx context.Context, id string) *logWatch {
	w := &logWatch{prober: p, found: make(chan struct{}), ended: make(chan struct{})}
	w.count = func() int { return p.countMigrations(ctx, id) }
	options := engine.LogOptions{Follow: true, Tail: 200}
	if c, err := p.Engine.Container(ctx, id); err == nil {
		options.Since = c.StartedAt
	}
	go func() {
		defer close(w.ended)
		// An error only ends the watching: the questions go on.
		lines := &printable.Lines{Take: w.take}
		_ = p.Engine.Logs(ctx, id, options, lines, lines)
	}()
	return w
}

func (w *logWatch) take(line string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	line = Line(w.prober.Redact, line)
	w.lines = append(w.lines, line)
	if len(w.lines) > keptLines {
		w.lines = w.lines[1:]
	}
	w.prober.report(event.Event{Type: event.TypeLog, Message: line})
	w.follow(line)
	if w.reason != "" {
		return
	}
	if w.reason = openalgo.Fatal(line); w.reason != "" {
		close(w.found)
	}
}

// follow reports how far the start is.
func (w *logWatch) follow(line string) {
	before := w.start.Stage
	if !seeStart(&w.start, line) {
		return
	}
	if w.start.Stage == event.StageMigrations && before != event.StageMigrations {
		w.start.Total = w.count()
	}
	w.moved = time.Now()
	w.prober.progress(w.start, w.start.Text())
}

// seeStart takes a line of the log, and reports whether the start got further.
func seeStart(p *event.StartProgress, line string) bool {
	before := *p
	switch {
	case p.Stage == event.StageWebServer: // the last one
	case openalgo.WebServerBegins.MatchString(line):
		p.Stage = event.StageWebServer
	case openalgo.MigrationsBegin.MatchString(line):
		p.Stage = event.StageMigrations
	case openalgo.MigrationBegins.MatchString(line) && p.Done < openalgo.MostMigrations:
		p.Stage = event.StageMigrations // the line before may be older than the time from which Docker shows the log
		p.Done++
	}
	return *p != before
}

// countMigrations counts those of an image; 0 where it cannot.
func (p *Prober) countMigrations(ctx context.Context, id string) int {
	text, err := p.Engine.ReadFile(ctx, id, openalgo.Migrations, 1<<20)
	if err != nil {
		return 0
	}
	return openalgo.CountMigrations(text)
}

// movedAt is when the start got further, zero before it did.
func (w *logWatch) movedAt() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.moved
}

// fatal is the reason that a fatal line gave, or "".
func (w *logWatch) fatal() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.reason
}

// tail is the end of the log, without secrets.
func (w *logWatch) tail() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]string{}, w.lines...)
}

// settle waits a moment for the log of a container that has just ended.
func (w *logWatch) settle(limit time.Duration) {
	select {
	case <-w.ended:
	case <-w.found:
	case <-time.After(limit):
	}
}

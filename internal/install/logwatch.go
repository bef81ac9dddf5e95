package install

import (
	"context"
	"sync"
	"time"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/printable"
)

// keptLines is how much of a container's log a failure shows.
const keptLines = 25

// logWatch follows a container's log: it keeps the last lines and notices
// fatal ones.
type logWatch struct {
	in    *Installer
	count func() int    // the migrations that there are
	found chan struct{} // closed when a fatal line was seen
	ended chan struct{} // closed when the log ended

	mu     sync.Mutex
	lines  []string
	reason string
	start  event.StartProgress
	moved  time.Time // when the start got further
}

// watchLog follows the log of the container's present run until ctx ends.
func (in *Installer) watchLog(ctx context.Context, id string) *logWatch {
	w := &logWatch{in: in, found: make(chan struct{}), ended: make(chan struct{})}
	w.count = func() int { return in.countMigrations(ctx, id) }
	options := engine.LogOptions{Follow: true, Tail: 200}
	if c, err := in.Engine.Container(ctx, id); err == nil {
		options.Since = c.StartedAt
	}
	go func() {
		defer close(w.ended)
		// An error only ends the watching: the probes go on.
		lines := &printable.Lines{Take: w.take}
		_ = in.Engine.Logs(ctx, id, options, lines, lines)
	}()
	return w
}

func (w *logWatch) take(line string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	line = w.in.withoutSecrets(line)
	w.lines = append(w.lines, line)
	if len(w.lines) > keptLines {
		w.lines = w.lines[1:]
	}
	w.in.Report.Report(event.Event{Type: event.TypeLog, Time: time.Now(), Message: line})
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
	w.in.sayProgress(w.start, w.start.Text())
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

// tail is the end of the log, secrets taken out.
func (w *logWatch) tail() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]string{}, w.lines...)
}

// settle waits a moment for the log of a container that has just ended.
func (w *logWatch) settle() {
	select {
	case <-w.ended:
	case <-w.found:
	case <-time.After(pollEvery):
	}
}

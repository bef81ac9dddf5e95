package install

import (
	"context"
	"regexp"
	"sync"
	"time"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/printable"
)

// keptLines is how much of a container's log a failure shows.
const keptLines = 25

// signature is a line that the app prints when it will never get ready, and
// what to tell the user (docs/openalgo-facts.md 1.2).
type signature struct {
	line *regexp.Regexp
	say  string
}

// signatures are tried in order. The first ones come from a worker that is
// respawned for ever while the container counts as running.
var signatures = []signature{
	{regexp.MustCompile(`^Error: \.env file not found`), "OpenAlgo can't read its .env: the file is missing, empty, or not readable for user 1000"},
	{regexp.MustCompile(`CONFIGURATION UPDATE REQUIRED`), "the .env is older than this image: its ENV_CONFIG_VERSION is behind the image's own sample"},
	{regexp.MustCompile(`^Error: (The following environment variables are missing.*)`), "OpenAlgo rejects its .env: $1"},
	{regexp.MustCompile(`^Error: ((?:Invalid|FLASK_|WEBSOCKET_|VALID_BROKERS|LOG_|Default REDIRECT_URL|Could not validate).*)`), "OpenAlgo rejects its .env: $1"},
	{regexp.MustCompile(`CRITICAL: ((?:APP_KEY|API_KEY_PEPPER|FERNET_SALT).*?\.)(?: |$)`), "OpenAlgo rejects its .env: $1"},
	// Alone on its line; the same words also head a warning that is not fatal.
	{regexp.MustCompile(`^\[OpenAlgo Fernet salt\]$`), "FERNET_SALT is not the one that this database was written with: bring back the .env that belongs to it"},
	{regexp.MustCompile(`Could not write FERNET_SALT to \.env`), "OpenAlgo can't write its .env: it must belong to user 1000"},
	{regexp.MustCompile(`EOFError: EOF when reading a line`), "OpenAlgo asks a question at its start and nobody can answer: the .env is older than this image"},
	{regexp.MustCompile(`Worker failed to boot`), "OpenAlgo's web server could not start its worker"},
}

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
	for _, s := range signatures {
		if m := s.line.FindStringSubmatchIndex(line); m != nil {
			w.reason = string(s.line.ExpandString(nil, s.say, line, m))
			close(w.found)
			return
		}
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

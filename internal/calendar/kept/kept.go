// Package kept reads the calendar of an instance's database, through its container,
// and keeps the last good reading for when that does not run.
package kept

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strings"
	"time"

	"github.com/marketcalls/openalgo-install/internal/calendar"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/envfile"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/printable"
)

const (
	name = "calendar.json"
	// serves is how long a reading serves, and again when another try may be made.
	serves = 24 * time.Hour
	again  = time.Hour
	// readTime bounds a reading.
	readTime = 3 * time.Second
)

// script prints the calendar of the database at a path. It opens it for reading alone.
// A release without one of the tables has nothing of it.
const script = `
import json, pathlib, sqlite3, sys
db = sqlite3.connect(pathlib.Path(sys.argv[1]).as_uri() + "?mode=ro", uri=True, timeout=1)
def rows(query):
    try:
        return db.execute(query).fetchall()
    except sqlite3.OperationalError as problem:
        if "no such table" in str(problem):
            return []
        raise
days = {}
for key, date, kind, name in rows("SELECT id, holiday_date, holiday_type, description FROM market_holidays "
        "WHERE holiday_date >= date('now', 'start of year', '-1 day') ORDER BY holiday_date LIMIT 1000"):
    days[key] = {"date": str(date), "type": str(kind), "name": str(name)[:60], "exchanges": []}
for key, exchange, is_open, start, end in rows("SELECT holiday_id, exchange_code, is_open, start_time, end_time FROM market_holiday_exchanges LIMIT 20000"):
    if key in days:
        days[key]["exchanges"].append({"exchange": str(exchange), "open": bool(is_open), "start": int(start or 0), "end": int(end or 0)})
hours = [{"exchange": str(exchange), "start": int(start), "end": int(end)} for exchange, start, end in
         rows("SELECT exchange_code, start_offset, end_offset FROM market_timings LIMIT 60")]
print("` + calendar.Line + `", json.dumps({"hours": hours, "days": list(days.values())}))
`

// file is what is kept.
type file struct {
	Read    time.Time `json:"read,omitzero"`
	Tried   time.Time `json:"tried,omitzero"`
	Problem string    `json:"problem,omitempty"` // of the last try
	Said    string    `json:"said,omitempty"`
}

// Docker runs the script.
type Docker interface {
	Exec(ctx context.Context, id string, cmd []string, user string) (engine.ExecResult, error)
}

// Load returns the last good reading; nil where there is none.
func Load(dir instance.Dir) *calendar.Calendar { return load(dir).calendar() }

func load(dir instance.Dir) file {
	f, err := instance.Load[file](dir, name)
	if err != nil || f == nil {
		return file{} // it can be read again
	}
	return *f
}

func (f file) calendar() *calendar.Calendar {
	c, err := calendar.Parse(f.Said, f.Read)
	if err != nil {
		return nil
	}
	return c
}

// isWithin reports whether a time is not longer ago than that. A clock that was set
// back makes it another one.
func isWithin(at, now time.Time, ago time.Duration) bool {
	return !at.After(now) && now.Sub(at) < ago
}

// isDue reports whether a container can and should be asked.
func (f file) isDue(c *engine.Container, now time.Time) bool {
	return !isWithin(f.Read, now, serves) && !isWithin(f.Tried, now, again) && c != nil && c.State == "running"
}

// Of returns the calendar of an instance. Once a day it asks the container for it, if
// that runs; else what is kept serves. What cannot be kept is not asked for: root keeps
// nothing where another user could lead it elsewhere.
func Of(ctx context.Context, e Docker, dir instance.Dir, c *engine.Container, env *envfile.File, now time.Time) *calendar.Calendar {
	f := load(dir)
	if !f.isDue(c, now) || instance.Trusted(string(dir)) != nil {
		return f.calendar()
	}
	f.Tried = now
	if instance.Save(dir, name, &f) != nil {
		return f.calendar()
	}
	f.ask(ctx, e, c.ID, env, now)
	_ = instance.Save(dir, name, &f) // else it is read again
	return f.calendar()
}

// Reading is what is known of a calendar, and may have to be kept.
type Reading struct {
	file  file
	fresh bool
}

// Ask is Of for a command that may change nothing: it keeps nothing.
func Ask(ctx context.Context, e Docker, dir instance.Dir, c *engine.Container, env *envfile.File, now time.Time) Reading {
	r := Reading{file: load(dir)}
	if r.file.isDue(c, now) {
		r.file.Tried, r.fresh = now, true
		r.file.ask(ctx, e, c.ID, env, now)
	}
	return r
}

// Calendar returns what was read; nil where nothing was.
func (r Reading) Calendar() *calendar.Calendar { return r.file.calendar() }

// IsFresh reports whether the container was asked.
func (r Reading) IsFresh() bool { return r.fresh }

// Keep keeps what was read, for later runs.
func (r Reading) Keep(dir instance.Dir) error {
	if !r.fresh {
		return nil
	}
	return instance.Save(dir, name, &r.file)
}

// ask reads the calendar of a container. Where that fails, the one of before stays.
func (f *file) ask(ctx context.Context, e Docker, id string, env *envfile.File, now time.Time) {
	said, err := read(ctx, e, id, env)
	switch {
	case ctx.Err() != nil:
	case err != nil:
		f.Problem = err.Error()
	default:
		f.Problem, f.Read, f.Said = "", now, said
	}
}

// read asks the container, and returns what can be parsed.
func read(ctx context.Context, e Docker, id string, env *envfile.File) (string, error) {
	at, err := databaseIn(env)
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, readTime)
	defer cancel()
	said, err := e.Exec(ctx, id, []string{openalgo.Python, "-I", "-c", script, at}, "")
	if err != nil {
		return "", err
	}
	text := string(said.Stdout)
	if _, err := calendar.Parse(text, time.Time{}); err != nil {
		return "", fmt.Errorf("%w (code %d: %s)", err, said.ExitCode, lastLine(string(said.Stderr)))
	}
	return text, nil
}

// databaseIn is where OpenAlgo's main database is in the container.
func databaseIn(env *envfile.File) (string, error) {
	url := ""
	if env != nil {
		url, _ = env.Get("DATABASE_URL")
	}
	if url == "" {
		url = "sqlite:///db/openalgo.db"
	}
	at, isFile := strings.CutPrefix(url, "sqlite:///")
	switch {
	case !isFile:
		return "", errors.New("OpenAlgo's database is not SQLite")
	case path.IsAbs(at):
		return path.Clean(at), nil
	}
	return path.Join(openalgo.Dir, at), nil
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	line := printable.Line(lines[len(lines)-1])
	return line[:min(len(line), 200)]
}

package kept

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/marketcalls/openalgo-install/internal/calendar"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/envfile"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/rehearsal"
)

// docker answers with a text, and counts how often it was asked.
type docker struct {
	said  string
	err   error
	asked [][]string
}

func (d *docker) Exec(ctx context.Context, _ string, cmd []string, _ string) (engine.ExecResult, error) {
	d.asked = append(d.asked, cmd)
	if deadline, ok := ctx.Deadline(); !ok || time.Until(deadline) > readTime {
		return engine.ExecResult{}, errors.New("it may wait for ever")
	}
	return engine.ExecResult{Stdout: []byte(d.said)}, d.err
}

const christmas = calendar.Line + ` {"hours":[],"days":[{"date":"2026-12-25","type":"TRADING_HOLIDAY","name":"Christmas","exchanges":[{"exchange":"NSE"}]}]}` + "\n"

func TestReadOnceADay(t *testing.T) {
	t.Parallel()
	dir := instance.Dir(t.TempDir())
	running, stopped := &engine.Container{ID: "a", State: "running"}, &engine.Container{ID: "a", State: "exited"}
	now := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	d := &docker{said: christmas}
	look := func(c *engine.Container, at time.Time, asked int, knows bool) {
		t.Helper()
		got := Of(t.Context(), d, dir, c, nil, at)
		if len(d.asked) != asked || got.Knows(2026) != knows {
			t.Errorf("asked %d times, knows %v; want %d, %v", len(d.asked), got.Knows(2026), asked, knows)
		}
	}
	look(running, now, 0, false) // nowhere to keep it
	if _, err := dir.Create(); err != nil {
		t.Fatal(err)
	}
	look(nil, now, 0, false)
	look(stopped, now, 0, false)
	look(running, now, 1, true)
	look(running, now.Add(23*time.Hour), 1, true)
	look(stopped, now.Add(48*time.Hour), 1, true) // the last good reading
	if got := Load(dir); !got.Read.Equal(now) {
		t.Errorf("its age is lost: %v", got.Read)
	}
	d.said, d.err = "", errors.New("no python")
	look(running, now.Add(25*time.Hour), 2, true)
	look(running, now.Add(25*time.Hour+59*time.Minute), 2, true) // not tried at once again
	d.said, d.err = "nonsense", nil
	look(running, now.Add(27*time.Hour), 3, true)
	d.said = christmas
	look(running, now.Add(29*time.Hour), 4, true)
	if got := Load(dir); !got.Read.Equal(now.Add(29 * time.Hour)) {
		t.Errorf("read at %v", got.Read)
	}
	look(running, now, 5, true) // the clock was set back
	if err := os.WriteFile(dir.Work(name), []byte("nonsense"), 0o600); err != nil {
		t.Fatal(err)
	}
	look(stopped, now, 5, false)
	look(running, now, 6, true)
}

func TestDatabaseIn(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]string{
		"":                                  "/app/db/openalgo.db",
		"DATABASE_URL='sqlite:///db/o.db'":  "/app/db/o.db",
		"DATABASE_URL=sqlite:////data/o.db": "/data/o.db",
		"DATABASE_URL='postgres://u:p@h/d'": "",
	} {
		env, err := envfile.Parse([]byte(url + "\n"))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := databaseIn(env); got != want || (err != nil) != (want == "") || err != nil && strings.Contains(err.Error(), "p@h") {
			t.Errorf("%s: %q, %v", url, got, err)
		}
	}
}

// The test app answers the same question.
func TestTestApp(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	for _, text := range []string{"", strings.TrimPrefix(christmas, calendar.Line)} {
		if text != "" {
			if err := os.MkdirAll(root+"/db", 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(root+"/db/"+rehearsal.CalendarName, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		var stdout, stderr strings.Builder
		code := rehearsal.Python(root, []string{"-I", "-c", script, "/app/db/openalgo.db"}, nil, &stdout, &stderr)
		c, err := calendar.Parse(stdout.String(), time.Time{})
		if code != 0 || err != nil || c.Knows(2026) != (text != "") {
			t.Errorf("%d, %v, %s", code, err, stderr.String())
		}
	}
}

// A dry run asks, and keeps nothing.
func TestAskKeepsNothing(t *testing.T) {
	t.Parallel()
	dir := instance.Dir(t.TempDir())
	if _, err := dir.Create(); err != nil {
		t.Fatal(err)
	}
	d, now := &docker{said: christmas}, time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	running := &engine.Container{ID: "a", State: "running"}
	r := Ask(t.Context(), d, dir, running, nil, now)
	if !r.Calendar().Knows(2026) || !r.IsFresh() || Load(dir) != nil {
		t.Errorf("%+v", r)
	}
	if err := r.Keep(dir); err != nil || !Load(dir).Knows(2026) {
		t.Error(err)
	}
	if r := Ask(t.Context(), d, dir, running, nil, now.Add(time.Hour)); r.IsFresh() || len(d.asked) != 1 || !r.Calendar().Knows(2026) {
		t.Errorf("%+v, asked %d times", r, len(d.asked))
	}
}

// Who looks at all instances comes to directories of other users, too.
func TestRootKeepsNothingInADirectoryOfAnotherUser(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
	t.Parallel()
	dir := instance.Dir(t.TempDir())
	if _, err := dir.Create(); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(string(dir), 12345, 12345); err != nil {
		t.Fatal(err)
	}
	d := &docker{said: christmas}
	if Of(t.Context(), d, dir, &engine.Container{ID: "a", State: "running"}, nil, time.Now()) != nil || len(d.asked) > 0 {
		t.Error("it was asked")
	}
	if _, err := os.Stat(dir.Work(name)); err == nil {
		t.Error("root wrote there")
	}
}

package install

import (
	"context"
	"fmt"
	"regexp"
	"time"

	"github.com/marketcalls/openalgo-install/internal/event"
)

// What the start scripts print, OpenAlgo's own and that of a built image. The
// second line is that of each migration.
var (
	migrationsBegin = regexp.MustCompile(`^\[(?:OpenAlgo\] Running database migrations|openalgo\] migrating the database)`)
	migrationBegins = regexp.MustCompile(`^Script: [\w.-]+\.py$`)
	webServerBegins = regexp.MustCompile(`^\[(?:OpenAlgo\] Starting application on port|openalgo\] starting OpenAlgo on port)`)
)

// mostMigrations bounds how often a log line can count as progress.
const mostMigrations = 500

// seeStart takes a line of the log, and reports whether the start got further.
func seeStart(p *event.StartProgress, line string) bool {
	before := *p
	switch {
	case p.Stage == event.StageWebServer: // the last one
	case webServerBegins.MatchString(line):
		p.Stage = event.StageWebServer
	case migrationsBegin.MatchString(line):
		p.Stage = event.StageMigrations
	case migrationBegins.MatchString(line) && p.Done < mostMigrations:
		p.Stage = event.StageMigrations // the line before may be older than the time from which Docker shows the log
		p.Done++
	}
	return *p != before
}

// migrationsFile lists OpenAlgo's migrations in the order in which they run.
const migrationsFile = "/app/upgrade/migrate_all.py"

var migrationListed = regexp.MustCompile(`(?m)^\s*\("[\w.-]+\.py", *"`)

// countMigrations counts those of an image; 0 where it cannot.
func (in *Installer) countMigrations(ctx context.Context, id string) int {
	text, err := in.Engine.ReadFile(ctx, id, migrationsFile, 1<<20)
	if err != nil {
		return 0
	}
	return len(migrationListed.FindAll(text, mostMigrations))
}

func (in *Installer) sayProgress(p event.StartProgress, text string) {
	in.Report.Report(event.Event{Type: event.TypeProgress, Time: time.Now(), Message: text, Start: &p})
}

// sayWaiting says from time to time that the wait goes on, and for what.
func (v *verification) sayWaiting() {
	if time.Since(later(v.said, v.watch.movedAt())) < sayEvery {
		return
	}
	v.said = time.Now()
	v.in.sayProgress(event.StartProgress{Stage: event.StageWaiting},
		fmt.Sprintf("waiting for OpenAlgo's first answer, %s so far. Ctrl+C cancels", time.Since(v.began).Round(time.Second)))
}

package install

import (
	"context"
	"fmt"
	"time"

	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
)

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
func (in *Installer) countMigrations(ctx context.Context, id string) int {
	text, err := in.Engine.ReadFile(ctx, id, openalgo.Migrations, 1<<20)
	if err != nil {
		return 0
	}
	return openalgo.CountMigrations(text)
}

func (in *Installer) sayProgress(p event.StartProgress, text string) {
	in.Report.Report(event.Event{Type: event.TypeProgress, Time: time.Now(), Message: text, Start: &p})
}

// sayWaiting says from time to time that the wait goes on, and for what.
func (v *verification) sayWaiting() {
	if time.Since(latest(v.said, v.watch.movedAt())) < sayEvery {
		return
	}
	v.said = time.Now()
	v.in.sayProgress(event.StartProgress{Stage: event.StageWaiting},
		fmt.Sprintf("waiting for OpenAlgo's first answer, %s so far. Ctrl+C cancels", time.Since(v.began).Round(time.Second)))
}

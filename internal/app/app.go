// Package app is what steps ask of OpenAlgo itself, and of what stands around it.
package app

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/marketcalls/openalgo-install/internal/appfile"
	"github.com/marketcalls/openalgo-install/internal/envfile"
	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/image"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/later"
	"github.com/marketcalls/openalgo-install/internal/leftovers"
	"github.com/marketcalls/openalgo-install/internal/ready"
	"github.com/marketcalls/openalgo-install/internal/run"
	"github.com/marketcalls/openalgo-install/internal/secret"
	"github.com/marketcalls/openalgo-install/internal/swapfile"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// Docker is what is asked of Docker.
type Docker interface {
	run.Engine
	world.Engine
	image.Docker
}

// App is the OpenAlgo of one instance, with what stands around it: the files that
// tell of it, what serves its HTTPS, its daily backup, its images.
type App struct {
	Engine Docker
	Dir    instance.Dir
	Report event.Reporter
	Redact *secret.Redactor // of what a log must not show
	Wait   time.Duration    // how long a start may take; 0: as long as OpenAlgo needs
}

func (a *App) prober() *ready.Prober {
	return &ready.Prober{Engine: a.Engine, Report: a.Report, Redact: a.Redact, Wait: a.Wait}
}

func (a *App) target(ctx context.Context, container string) (ready.Target, error) {
	c, err := a.Engine.Container(ctx, container)
	if err != nil {
		return ready.Target{}, fmt.Errorf("look at the container: %w", err)
	}
	return a.prober().TargetOf(c), nil
}

// Await waits until OpenAlgo is ready, and for a Docker that is restarted
// meanwhile. It reports whether OpenAlgo still waits for its first account.
func (a *App) Await(ctx context.Context, t ready.Target) (needsSetup bool, err error) {
	tools := &run.Tools{Engine: a.Engine, Report: a.Report}
	err = tools.AcrossRestart(ctx, func(ctx context.Context) error {
		needsSetup, err = a.prober().Await(ctx, t)
		return err
	})
	return needsSetup, err
}

// AwaitSite waits until the instance's address answers over HTTPS, if it has one.
func (a *App) AwaitSite(ctx context.Context, s instance.Edge) error {
	if s.Kind == "" {
		return nil
	}
	return a.prober().AwaitHTTPS(ctx, ready.SiteOf(s))
}

// Ready waits until OpenAlgo is ready in a container.
func (a *App) Ready(ctx context.Context, container string, setupDone, before bool) (needsSetup bool, err error) {
	c, err := a.target(ctx, container)
	if err != nil {
		return false, err
	}
	c.SetupDone, c.Before = setupDone, before
	return a.prober().Await(ctx, c)
}

// Asks asks OpenAlgo in a container once.
func (a *App) Asks(ctx context.Context, container string) (needsSetup bool, err error) {
	c, err := a.target(ctx, container)
	if err != nil {
		return false, err
	}
	return a.prober().Ask(ctx, c)
}

// CountSecrets counts the stored secrets that open.
func (a *App) CountSecrets(ctx context.Context, container string) (run.Secrets, error) {
	return countSecrets(ctx, a, container)
}

// Serves checks stored secrets, HTTPS and remote MCP. OpenAlgo that answers without its HTTPS
// after an interrupted run is no reason for an undo: it is in use, and its data
// has new rows.
func (a *App) Serves(ctx context.Context, v run.Verification, resumed bool) error {
	if err := verifySecrets(ctx, a, v); err != nil {
		return err
	}
	if resumed {
		warnEdge(ctx, a, v.Site)
		return nil
	}
	if err := a.AwaitSite(ctx, v.Site); err != nil || !v.MCP {
		return err
	}
	c, err := a.target(ctx, v.Container)
	if err != nil {
		return err
	}
	return askMCP(ctx, v.Site, c.Web)
}

// warnEdge says that OpenAlgo answers and its HTTPS proxy does not.
func warnEdge(ctx context.Context, a *App, s instance.Edge) {
	if err := a.AwaitSite(ctx, s); err != nil && ctx.Err() == nil {
		event.Warn(a.Report, string(a.Dir), finding.Warn("site-not-served", "https://%s is not served: %v", s.Domain, err).
			With(finding.Hint{Do: "To set it up again", Dir: string(a.Dir), Args: []string{"domain", s.Domain}}))
	}
}

// Remember writes state.json, with the keys that the verified stack runs with.
func (a *App) Remember(ctx context.Context, text json.RawMessage, needsSetup *bool) error {
	var s instance.State
	if err := json.Unmarshal(text, &s); err != nil {
		return fmt.Errorf("write the state: %w", err)
	}
	if needsSetup != nil {
		s.SetupDone = !*needsSetup
	}
	if env, err := appfile.ReadEnv(ctx, a.Engine, a.Dir, ""); err == nil && env != nil {
		if file, err := envfile.Parse(env); err == nil {
			s.RememberKeys(file)
		}
	}
	return a.Dir.SaveState(s)
}

// Remain marks the keys that an undone first install leaves as its own.
func (a *App) Remain(_ context.Context, project, image string) {
	if s, err := a.Dir.LoadState(); err == nil && s.Project == "" {
		s.Began, s.EnvImage = project, image
		_ = a.Dir.SaveState(s) // without it the next run asks, which is safe
	}
}

// Swap is the swap file that this program makes.
func (a *App) Swap() run.Swap { return swapfile.Default() }

// Front opens what serves HTTPS.
func (a *App) Front(ctx context.Context, site instance.Edge) (run.Front, error) {
	return (&world.Looker{Engine: a.Engine, Dir: a.Dir}).OpenFront(ctx, site)
}

// RemoveLeftovers moves away what is still recognised as another installer's.
func (a *App) RemoveLeftovers(ctx context.Context, l run.Leftovers) error {
	traces := leftovers.Traces{Dir: string(a.Dir), Domain: l.Domain, Web: l.Web}
	return leftovers.Remove(ctx, traces.Still("/", l.Paths), a.Dir.KeptPath("leftovers"), func(text string) { event.Note(a.Report, text) })
}

// EndDaily ends the daily backup.
func (a *App) EndDaily(ctx context.Context) error {
	_, err := later.RemoveDaily(ctx, a.Dir)
	return err
}

// DropImages removes what a rollback of the project would need, and test apps.
func (a *App) DropImages(ctx context.Context, project string, tests []string) {
	for _, ref := range tests {
		image.RemoveTest(ctx, a.Engine, ref)
	}
	image.DropTags(ctx, a.Engine, project, nil)
}

// askMCP asks the endpoints of remote MCP, over HTTPS where this program set that
// up.
func askMCP(ctx context.Context, s instance.Edge, web string) error {
	if s.Kind == "" {
		return ready.MCP(ctx, nil, web)
	}
	site := ready.SiteOf(s)
	return ready.MCP(ctx, &site, web)
}

package cli

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/draft"
	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/host"
	"github.com/marketcalls/openalgo-install/internal/host/dockersetup"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/ops"
	"github.com/marketcalls/openalgo-install/internal/plan"
	"github.com/marketcalls/openalgo-install/internal/present"
	"github.com/marketcalls/openalgo-install/internal/printable"
	"github.com/marketcalls/openalgo-install/internal/terminal"
	"github.com/marketcalls/openalgo-install/internal/tunnel"
	"github.com/marketcalls/openalgo-install/internal/wizard"
)

// asksAnswers reports whether the answers can be asked for: on a terminal, where
// nobody reads JSON.
func (c *installCommand) asksAnswers() bool {
	return c.answers == "" && !c.json && isTerminal(c.stdin) && isTerminal(c.stdout)
}

// wizard asks for the answers, then does with them what --answers does: on full
// screens, or in plain lines where these cannot be shown or read.
func (c *installCommand) wizard(ctx context.Context) error {
	dir, err := instance.Abs(c.dir)
	if err != nil {
		return err
	}
	if err := asRoot(c.app, dir); err != nil {
		return err
	}
	watched, err := instance.Dir(dir).Watch(ctx, func(line string) { fmt.Fprintln(c.stdout, line) })
	if err != nil {
		return err
	}
	c.asked = true
	if watched {
		fmt.Fprintln(c.stdout, "That run has finished.")
	}
	w := &interview{installCommand: c, at: dir}
	in, stdin := c.stdin.(*os.File)
	out, stdout := c.stdout.(*os.File)
	screen := wizard.Terminal{In: in, Out: out, Color: !c.noColor && os.Getenv("NO_COLOR") == ""}
	if watched || c.accessible || c.rehearse || !stdin || !stdout || !screen.FullScreen() {
		return w.inLines(ctx)
	}
	if !c.dryRun && !c.again {
		if shown, err := c.dashboard(ctx, in, out, dir); shown || err != nil {
			return err
		}
	}
	return w.onScreens(ctx, screen)
}

// interview asks a person for the answers.
type interview struct {
	*installCommand
	at    string          // the instance's directory
	lines *terminal.Lines // nil on screens
}

// onScreens shows the wizard, and does what was chosen there.
func (w *interview) onScreens(ctx context.Context, screen wizard.Terminal) error {
	outcome, err := wizard.Show(ctx, screen, w.host())
	switch {
	case err != nil:
		return asCancelled(err)
	case len(outcome.Command) > 0:
		args := outcome.Command
		if slices.Contains(args, "--ask") {
			if !slices.Contains(args, "--dir") {
				args = append(args, "--dir", w.at)
			}
			return w.comeBack(ctx, args)
		}
		if args[0] != "--dir" {
			args = append(args, "--dir", w.at)
			fmt.Fprintf(w.stdout, "$ %s\n", printable.Line(finding.Command(w.at, outcome.Command...)))
		}
		w.asked = false
		cmd := newRoot(w.app)
		cmd.SetArgs(args)
		return cmd.ExecuteContext(ctx)
	case w.dryRun:
		fmt.Fprintln(w.stdout, "Dry run: nothing was changed.")
	case outcome.Installed:
		fmt.Fprintf(w.stdout, "%s\n\n", printable.Text(outcome.Result.Message))
		next := w.next()
		next.HasKey, next.Result = outcome.HasKey, outcome.Result
		for _, line := range next.Lines(outcome.Answers) {
			present.Sentence(w.stdout, line)
		}
		w.beside(ctx, outcome.Beside)
	}
	return nil
}

// beside sets up what was asked for beside the instance, after its install.
func (w *interview) beside(ctx context.Context, ans answers.Answers) {
	all := []answers.Named{{Answers: ans}}
	keepAddresses(ctx, w.app, all)
	keepWatch(ctx, w.app, all)
	keepBackups(ctx, w.app, all)
}

// host is what the wizard may know and do.
func (w *interview) host() wizard.Host {
	return wizard.Host{
		Dir:         w.at,
		Reader:      w.prompt(),
		Look:        func(ctx context.Context) wizard.Machine { return lookAt(ctx, w.app, w.at) },
		DNS:         judgeDNS,
		DryRun:      w.dryRun,
		Again:       w.again,
		SetUpDocker: dockerFromPage,
		Plan: func(ctx context.Context, ans answers.Answers) (*plan.Plan, error) {
			s, done, err := w.session(ctx, event.ReporterFunc(func(event.Event) {}))
			if err != nil {
				return nil, err
			}
			defer done()
			p, err := s.Plan(ctx, ops.Install(ans, 0))
			return forAsked(w.app, p), err
		},
		Install: func(ctx context.Context, ans answers.Answers, report event.Reporter) (event.Result, error) {
			s, done, err := w.session(ctx, report)
			if err != nil {
				return event.Result{}, err
			}
			defer done()
			s.Wait = w.wait // a page has asked what a plan asks
			result, err := s.Do(ctx, ops.Install(ans, 0))
			return withAddress(ctx, s, result, err)
		},
		Next:   w.next(),
		Drafts: draft.For(w.at),
	}
}

// forAsked has a plan's warnings speak to somebody who is asked for the answers.
func forAsked(a *app, p *plan.Plan) *plan.Plan {
	if p != nil {
		p.For(a.prompt())
	}
	return p
}

// next is what a person has to know after an install.
func (w *interview) next() present.Next {
	return present.Next{Dir: w.at, Commands: worthKnowing(w.at), Tunnel: tunnel.Find(netip.Addr{})}
}

// dockerFromPage sets Docker up, and passes on what that says.
func dockerFromPage(ctx context.Context, print func(string)) error {
	facts, err := host.Measure(ctx)
	if err != nil {
		return fmt.Errorf("measuring this machine: %w", err)
	}
	report, err := dockersetup.Install(ctx, facts, dockersetup.Options{Out: print})
	for _, note := range report.Notes {
		print(note)
	}
	return err
}

// judgeDNS says where a domain leads.
func judgeDNS(ctx context.Context, domain string) (bool, string) {
	report := host.CheckDNS(ctx, domain, nil)
	if report.Match {
		return true, domain + " points to this machine."
	}
	return false, report.Problem
}

// worthKnowing are the commands worth knowing, for the instance in dir.
func worthKnowing(dir string) [][2]string {
	var out [][2]string
	for _, c := range [][2]string{
		{"status", "show whether it is ready, sizing, volumes"},
		{"logs -f", "show what OpenAlgo prints"},
		{"restart", "stop and start OpenAlgo (also: stop, start)"},
		{"resize", "fit OpenAlgo to RAM and cores"},
		{"uninstall", "remove the container; keep data and keys"},
	} {
		out = append(out, [2]string{finding.Command(dir, strings.Fields(c[0])...), c[1]})
	}
	// For every instance of the machine, so without a directory.
	return slices.Insert(out, 1, [2]string{finding.Prompt{}.Command("watch", "on"), "recommended: tells you when something is wrong"})
}

// asCancelled gives questions that were not answered their exit code.
func asCancelled(err error) error {
	if errors.Is(err, terminal.ErrEnded) {
		return finding.Named(finding.Cancelled, "cancelled", "%w", err)
	}
	return err
}

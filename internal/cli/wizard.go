package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/user"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/host"
	"github.com/marketcalls/openalgo-install/internal/host/dockersetup"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/plan"
	"github.com/marketcalls/openalgo-install/internal/wizard"
)

// asks reports whether the answers can be asked for: on a terminal, where
// nobody reads JSON.
func (a *app) asks(o installOptions) bool {
	return o.answers == "" && !a.json && isTerminal(a.stdin) && isTerminal(a.stdout)
}

// wizard asks for the answers, then does with them what --answers does: on full
// screens, or in plain lines where these can't be shown or read.
func (a *app) wizard(ctx context.Context, o installOptions) error {
	dir, err := instance.Abs(a.dir)
	if err != nil {
		return err
	}
	watched, err := instance.Dir(dir).Watch(ctx, func(line string) { fmt.Fprintln(a.stdout, line) })
	if ctx.Err() != nil {
		return err
	}
	if watched {
		fmt.Fprintln(a.stdout, "That run has ended.")
	}
	in, stdin := a.stdin.(*os.File)
	out, stdout := a.stdout.(*os.File)
	screen := wizard.Terminal{In: in, Out: out, Color: a.color()}
	if watched || a.accessible || o.rehearse || !stdin || !stdout || !screen.FullScreen() {
		return a.plainWizard(ctx, o)
	}
	return a.screens(ctx, screen, dir, o)
}

func (a *app) color() bool { return !a.noColor && os.Getenv("NO_COLOR") == "" }

// screens shows the wizard, and does what was chosen there.
func (a *app) screens(ctx context.Context, screen wizard.Terminal, dir string, o installOptions) error {
	h := a.wizardHost(dir, o)
	outcome, err := wizard.Show(ctx, screen, h)
	switch {
	case err != nil:
		return asCancelled(err)
	case len(outcome.Command) > 0:
		args := outcome.Command
		if args[0] != "--dir" {
			args = append(args, "--dir", dir)
			fmt.Fprintf(a.stdout, "$ %s\n", commandLine(outcome.Command, dir))
		}
		cmd := a.root()
		cmd.SetArgs(args)
		return cmd.ExecuteContext(ctx)
	case o.dryRun:
		fmt.Fprintln(a.stdout, "Dry run: nothing was changed.")
	case outcome.Installed:
		fmt.Fprintf(a.stdout, "%s\n\n", outcome.Result.Message)
		for _, line := range wizard.Summary(h, outcome) {
			fmt.Fprintln(a.stdout, line)
		}
	}
	return nil
}

// wizardHost is what the wizard may know and do.
func (a *app) wizardHost(dir string, o installOptions) wizard.Host {
	return wizard.Host{
		Dir:    dir,
		Look:   func(ctx context.Context) wizard.Machine { return a.lookAt(ctx, dir) },
		DNS:    judgeDNS,
		DryRun: o.dryRun,
		SetUpDocker: func(ctx context.Context, print func(string)) error {
			facts, err := host.Measure(ctx)
			if err != nil {
				return fmt.Errorf("measuring this host: %w", err)
			}
			report, err := dockersetup.Install(ctx, facts, dockersetup.Options{Out: print})
			for _, note := range report.Notes {
				print(note)
			}
			return err
		},
		Plan: func(ctx context.Context, ans answers.Answers) (*plan.Plan, error) {
			in, done, err := a.session(ctx, event.ReporterFunc(func(event.Event) {}))
			if err != nil {
				return nil, err
			}
			defer done()
			return in.Plan(ctx, ans, 0)
		},
		Install: func(ctx context.Context, ans answers.Answers, report event.Reporter) (event.Result, error) {
			in, done, err := a.session(ctx, report)
			if err != nil {
				return event.Result{}, err
			}
			defer done()
			in.Wait = o.wait
			return in.Install(ctx, ans, 0)
		},
		Commands: commands(dir),
		Tunnel:   tunnel(os.Getenv("SSH_CONNECTION")),
	}
}

// tunnel is how somebody who came by ssh reaches this machine's own ports; ""
// for one who sits at it. connection is SSH_CONNECTION: the client's address
// and port, then the server's.
func tunnel(connection string) string {
	parts := strings.Fields(connection)
	if len(parts) != 4 {
		return ""
	}
	login := parts[2]
	if who, err := user.Current(); err == nil {
		login = who.Username + "@" + login
	}
	if name := os.Getenv("SUDO_USER"); name != "" {
		login = name + "@" + parts[2]
	}
	if parts[3] != "22" {
		login = "-p " + parts[3] + " " + login
	}
	return "ssh -N -L %d:127.0.0.1:%[1]d -L %[2]d:127.0.0.1:%[2]d " + login
}

// judgeDNS says where a domain leads.
func judgeDNS(ctx context.Context, domain string) (bool, string) {
	report := host.CheckDNS(ctx, domain, nil)
	if report.Match {
		return true, domain + " leads to this machine."
	}
	return false, report.Problem
}

// commandLine is how a command is typed, for the instance in dir.
func commandLine(args []string, dir string) string {
	line := program
	for _, arg := range args {
		line += " " + arg
	}
	if dir != finding.DefaultDir {
		line += " --dir " + dir
	}
	return line
}

// commands are those worth knowing, for the instance in dir.
func commands(dir string) [][2]string {
	var out [][2]string
	for _, c := range [][2]string{
		{"status", "ready or why not, sizing, volumes"},
		{"logs -f", "what OpenAlgo says"},
		{"restart", "stop and start it (also: stop, start)"},
		{"resize", "after a RAM upgrade"},
		{"uninstall", "remove the container; data and keys stay"},
	} {
		out = append(out, [2]string{commandLine([]string{c[0]}, dir), c[1]})
	}
	return out
}

// asCancelled gives questions that were not answered their exit code.
func asCancelled(err error) error {
	if errors.Is(err, wizard.ErrEnded) {
		return &finding.Error{Kind: finding.Cancelled, Err: err}
	}
	return err
}

// engineOrOffer connects to the engine; where there is none it offers to
// install one.
func (a *app) engineOrOffer(ctx context.Context, lines *wizard.Lines) (*engine.Engine, error) {
	e, _, err := a.connect(ctx)
	if !errors.Is(err, engine.ErrAbsent) {
		return e, err
	}
	yes, asked := lines.Ask(ctx, "\nInstall Docker Engine now? [no]: ", false)
	if asked != nil {
		return nil, asked
	}
	if yes != "yes" && yes != "y" {
		return nil, err
	}
	if _, err := a.setUpDocker(ctx); err != nil {
		return nil, err
	}
	e, _, err = a.connect(ctx)
	return e, err
}

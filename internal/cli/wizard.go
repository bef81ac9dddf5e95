package cli

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/host"
	"github.com/marketcalls/openalgo-install/internal/install"
	"github.com/marketcalls/openalgo-install/internal/wizard"
)

// asks reports whether the answers can be asked for: on a terminal, where
// nobody reads JSON.
func (a *app) asks(o installOptions) bool {
	return o.answers == "" && !a.json && isTerminal(a.stdin) && isTerminal(a.stdout)
}

// wizard asks for the answers, then does with them what --answers does.
func (a *app) wizard(ctx context.Context, o installOptions) error {
	lines := wizard.NewLines(a.stdin, a.stdout)
	e, err := a.engineOrOffer(ctx, lines)
	if err != nil {
		return asCancelled(err)
	}
	known, err := a.glance(ctx, e)
	_ = e.Close()
	if err != nil || known {
		return err
	}
	w := wizard.New(lines)
	for {
		retry, err := a.askAndInstall(ctx, lines, w, o)
		if !retry {
			return asCancelled(err)
		}
	}
}

// asCancelled gives questions that were not answered their exit code.
func asCancelled(err error) error {
	if errors.Is(err, wizard.ErrEnded) {
		return &install.Error{Exit: install.ExitCancelled, Err: err}
	}
	return err
}

// engineOrOffer connects to the engine; where there is none it offers to
// install one.
func (a *app) engineOrOffer(ctx context.Context, lines *wizard.Lines) (*engine.Engine, error) {
	if facts, err := host.Measure(ctx); err == nil {
		lines.Say("This machine: %s, %d MiB of RAM, %d cores.", facts.OS.Pretty, facts.RAMMiB, facts.Cores)
	}
	e, _, err := a.connect(ctx)
	if !errors.Is(err, engine.ErrAbsent) {
		return e, err
	}
	lines.Say("%v", err)
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

// glance shows the OpenAlgo that --dir has already, with what can be done now.
func (a *app) glance(ctx context.Context, e *engine.Engine) (known bool, err error) {
	machine, err := machineOf(ctx, e.Info())
	if err != nil {
		return false, err
	}
	dir, err := install.AbsDir(a.dir)
	if err != nil {
		return false, err
	}
	status, err := install.ReadStatus(ctx, e, machine, dir)
	if err != nil || len(status.Instances) == 0 {
		return false, err
	}
	status.WriteText(a.stdout)
	fmt.Fprintf(a.stdout, "\n%s has an OpenAlgo already. What can be done now:\n", dir)
	a.commands(dir)
	fmt.Fprintf(a.stdout, "  %s --answers %s\n    change what was answered: edit that file first, and add the secrets that change\n",
		program, filepath.Join(dir, "openalgo-install.yaml"))
	return true, nil
}

// commands lists those worth knowing, for an instance.
func (a *app) commands(dir string) {
	at := ""
	if dir != "/opt/openalgo" {
		at = " --dir " + dir
	}
	for _, c := range [][2]string{
		{"status", "ready or why not, sizing, volumes"},
		{"logs -f", "what OpenAlgo says"},
		{"restart", "stop and start it (also: stop, start)"},
		{"resize", "after a RAM upgrade"},
		{"uninstall", "remove the container; data and keys stay"},
	} {
		fmt.Fprintf(a.stdout, "  %s %s%s\n    %s\n", program, c[0], at, c[1])
	}
}

// askAndInstall is one round: the questions, the plan, the apply. retry asks
// for another one, with the answers as they are.
func (a *app) askAndInstall(ctx context.Context, lines *wizard.Lines, w *wizard.Wizard, o installOptions) (retry bool, err error) {
	ans, err := w.Ask(ctx)
	if err != nil {
		return false, err
	}
	out := a.presenter()
	in, done, err := a.installer(ctx, out)
	if err != nil {
		return false, err
	}
	defer done()
	in.Wait = o.wait
	plan, err := in.Plan(ctx, ans)
	if err != nil {
		return a.offerRetry(ctx, lines, out, err)
	}
	lines.Say("")
	plan.WriteSummary(a.stdout)
	if o.dryRun {
		lines.Say("\nDry run: nothing was changed.")
		return false, nil
	}
	yes, err := w.Confirm(ctx, func() { plan.WriteText(a.stdout) })
	if err != nil {
		return false, err
	}
	if !yes {
		return false, &install.Error{Exit: install.ExitCancelled, Err: errors.New("nothing was changed")}
	}
	if o.rehearse {
		result, _, err := in.Rehearse(ctx, ans)
		return false, out.end(result, err)
	}
	result, err := in.Install(ctx, ans)
	if err != nil {
		return a.offerRetry(ctx, lines, out, err)
	}
	err = out.end(result, nil)
	a.afterwards(ans)
	return false, err
}

// offerRetry tells of a failure, and asks whether to go through the answers
// once more.
func (a *app) offerRetry(ctx context.Context, lines *wizard.Lines, out *presenter, failure error) (bool, error) {
	told := out.end(install.Result{}, failure)
	if ctx.Err() != nil || install.ExitCode(failure) == install.ExitBroken {
		return false, told
	}
	text, err := lines.Ask(ctx, "\nGo through the answers again and retry? [no]: ", false)
	if err != nil || text != "yes" && text != "y" {
		return false, told
	}
	return true, nil
}

func (a *app) afterwards(ans answers.Answers) {
	dir, err := install.AbsDir(a.dir)
	if err != nil {
		return
	}
	fmt.Fprintf(a.stdout, "\nOpen %s and create the admin account.\nThe answers, less every secret, are in %s. Keep a copy of %s: its keys open the data.\nWorth knowing:\n",
		ans.Origin(), filepath.Join(dir, "openalgo-install.yaml"), filepath.Join(dir, ".env"))
	a.commands(dir)
}

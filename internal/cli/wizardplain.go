package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/wizard"
)

// plainWizard asks in plain lines: for screen readers, and for terminals that
// show no more.
func (a *app) plainWizard(ctx context.Context, o installOptions) error {
	dir, err := instance.Abs(a.dir)
	if err != nil {
		return err
	}
	lines := wizard.NewLines(a.stdin, a.stdout)
	machine := a.lookAt(ctx, dir)
	for _, fact := range machine.Facts {
		lines.Say("%s: %s", fact[0], fact[1])
	}
	for _, obstacle := range machine.Obstacles {
		lines.Say("! %s", obstacle)
	}
	lines.Say("")
	e, err := a.engineOrOffer(ctx, lines)
	if err != nil {
		return asCancelled(err)
	}
	_ = e.Close()
	if machine.Instance != "" && machine.Menu[0].Args[0] == "--dir" {
		lines.Say("There is an OpenAlgo in another directory; --dir goes to it:\n\n%s", machine.Instance)
	} else if machine.Instance != "" {
		a.plainMenu(machine, dir)
		return nil
	}
	w := wizard.NewPlain(lines, judgeDNS)
	for {
		retry, err := a.askAndInstall(ctx, lines, w, o)
		if !retry {
			return asCancelled(err)
		}
	}
}

// plainMenu shows the OpenAlgo that is there already, and its commands.
func (a *app) plainMenu(machine wizard.Machine, dir string) {
	fmt.Fprintf(a.stdout, "%s\n\n%s has an OpenAlgo already. What can be done now:\n", strings.TrimRight(machine.Instance, "\n"), dir)
	for _, entry := range machine.Menu {
		if len(entry.Args) > 0 && entry.Args[0] != "--dir" {
			fmt.Fprintf(a.stdout, "  %s\n    %s\n", commandLine(entry.Args, dir), entry.Label)
		}
	}
	fmt.Fprintf(a.stdout, "  %s --answers %s\n    change what was answered: edit that file first, and add the secrets that change\n",
		program, dir+"/openalgo-install.yaml")
}

// askAndInstall is one round: the questions, the plan, the apply. retry asks
// for another one, with the answers as they are.
func (a *app) askAndInstall(ctx context.Context, lines *wizard.Lines, w *wizard.Plain, o installOptions) (retry bool, err error) {
	ans, err := w.Ask(ctx)
	if err != nil {
		return false, err
	}
	out := a.presenter()
	in, done, err := a.session(ctx, out)
	if err != nil {
		return false, err
	}
	defer done()
	in.Wait = o.wait
	plan, err := in.Plan(ctx, ans, 0)
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
		return false, &finding.Error{Kind: finding.Cancelled, Err: errors.New("nothing was changed")}
	}
	if o.rehearse {
		result, _, err := in.Rehearse(ctx, ans)
		return false, out.end(result, err)
	}
	result, err := in.Install(ctx, ans, 0)
	if err != nil {
		return a.offerRetry(ctx, lines, out, err)
	}
	err = out.end(result, nil)
	lines.Say("")
	dir, _ := instance.Abs(a.dir)
	for _, line := range wizard.Summary(a.wizardHost(dir, o), wizard.Outcome{Answers: ans, Result: result}) {
		lines.Say("%s", line)
	}
	return false, err
}

// offerRetry tells of a failure, and asks whether to go through the answers
// once more.
func (a *app) offerRetry(ctx context.Context, lines *wizard.Lines, out *presenter, failure error) (bool, error) {
	told := out.end(event.Result{}, failure)
	if ctx.Err() != nil || finding.KindOf(failure) == finding.Broken {
		return false, told
	}
	text, err := lines.Ask(ctx, "\nGo through the answers again and retry? [no]: ", false)
	if err != nil || text != "yes" && text != "y" {
		return false, told
	}
	return true, nil
}

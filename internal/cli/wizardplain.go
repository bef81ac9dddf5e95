package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/consent"
	"github.com/marketcalls/openalgo-install/internal/draft"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/ops"
	"github.com/marketcalls/openalgo-install/internal/plan"
	"github.com/marketcalls/openalgo-install/internal/present"
	"github.com/marketcalls/openalgo-install/internal/printable"
	"github.com/marketcalls/openalgo-install/internal/terminal"
	"github.com/marketcalls/openalgo-install/internal/testinstall"
	"github.com/marketcalls/openalgo-install/internal/wizard"
)

// inLines asks in plain lines: for screen readers, and for terminals that show no
// more.
func (w *interview) inLines(ctx context.Context) error {
	w.lines = terminal.NewLines(w.stdin, w.stdout)
	machine := lookAt(ctx, w.app, w.at)
	for _, fact := range machine.Facts {
		w.lines.Say("%s: %s", fact[0], fact[1])
	}
	for _, obstacle := range machine.Obstacles {
		w.lines.Say("! %s", obstacle)
	}
	w.lines.Say("")
	if err := w.engineOrOffer(ctx); err != nil {
		return asCancelled(err)
	}
	if machine.NoEngine { // there is one now, which knows of other instances
		machine = lookAt(ctx, w.app, w.at)
	}
	if machine.Instance != "" && machine.Menu[0].Args[0] == "--dir" {
		w.lines.Say("There is an instance in another directory. To manage it, add --dir:\n\n"+
			"%s", machine.Instance)
	} else if machine.Instance != "" {
		w.menu(machine)
		yes, err := w.changes(ctx, machine)
		if err != nil || !yes {
			return asCancelled(err)
		}
	}
	questions := wizard.NewPlain(w.lines, judgeDNS)
	if machine.Instance == "" {
		questions.Instead = w.sayInstead(machine.Menu)
	}
	if machine.Saved != nil {
		questions.Change(machine.Saved)
	}
	questions.Here, questions.Drafts = machine.Here, draft.For(w.at)
	defer func() { _ = questions.Drafts.Flush() }() // a convenience: a machine that keeps nothing still installs
	for {
		retry, err := w.round(ctx, questions)
		if chosen := wizard.Chosen(0); errors.As(err, &chosen) {
			return asCancelled(w.doInstead(ctx, machine.Menu, int(chosen)))
		}
		if !retry {
			return asCancelled(err)
		}
	}
}

// engineOrOffer asks whether Docker answers; where there is none it offers to
// install one.
func (w *interview) engineOrOffer(ctx context.Context) error {
	e, _, err := connect(ctx)
	if errors.Is(err, engine.ErrAbsent) {
		yes, asked := w.lines.Ask(ctx, "\nInstall Docker Engine now? [no]: ", false)
		if asked != nil {
			return asked
		}
		if yes != "yes" && yes != "y" {
			return err
		}
		if _, err := setUpDocker(ctx, w.app); err != nil {
			return err
		}
		e, _, err = connect(ctx)
	}
	if err != nil {
		return err
	}
	return e.Close()
}

// menu shows the OpenAlgo that is there already, and its commands.
func (w *interview) menu(machine wizard.Machine) {
	fmt.Fprintf(w.stdout, "%s\n\n%s has an instance already. What do you want to do?\n", strings.TrimRight(machine.Instance, "\n"), printable.Line(w.at))
	for _, entry := range machine.Menu {
		if len(entry.Args) > 0 && entry.Args[0] != "--dir" {
			fmt.Fprintf(w.stdout, "  %s\n    %s\n", printable.Line(finding.Command(w.at, entry.Args...)), entry.Label)
		}
	}
	fmt.Fprintf(w.stdout, "  %s --answers %s\n    apply your edited answers file; secrets that you leave out stay\n",
		program, printable.Line(w.at)+"/openalgo-install.yaml")
}

// changes asks whether the answers are to be changed here and now.
func (w *interview) changes(ctx context.Context, machine wizard.Machine) (bool, error) {
	if machine.Saved == nil {
		return false, nil
	}
	text, err := w.lines.Ask(ctx, "\nChange your answers now? [no]: ", false)
	if errors.Is(err, terminal.ErrEnded) {
		return false, nil // that is a no
	}
	return answers.IsYes(text), err
}

// round is the questions, the plan, the apply. retry asks for another one, with
// the answers as they are.
func (w *interview) round(ctx context.Context, questions *wizard.Plain) (retry bool, err error) {
	ans, err := questions.Ask(ctx)
	if err != nil {
		return false, err
	}
	out := w.presenter()
	s, done, err := w.session(ctx, out)
	if err != nil {
		return false, err
	}
	defer done()
	s.Wait = w.wait // the question after the plan is the one that is asked
	p, err := s.Plan(ctx, ops.Install(ans, 0))
	if err != nil {
		return w.offerRetry(ctx, out, err)
	}
	w.lines.Say("")
	present.Summary(w.stdout, forAsked(w.app, p))
	if w.dryRun {
		w.lines.Say("\nDry run: nothing was changed.")
		return false, nil
	}
	yes, err := questions.Confirm(ctx, func() { present.Plan(w.stdout, p) })
	if err != nil {
		return false, err
	}
	if !yes {
		return false, finding.Named(finding.Cancelled, "cancelled", "nothing was changed")
	}
	// What was read is not shown again, unless another run changed the plan.
	agreed, _ := consent.Ask(func(*plan.Plan) (bool, error) { return true, nil }, p)
	s.Confirm = func(now *plan.Plan) (bool, error) {
		if agreed.Covers(now) {
			return true, nil
		}
		return w.approve(now, changeOptions{question: "Do this now?"})
	}
	if w.rehearse {
		result, _, err := testinstall.Run(ctx, s, ans)
		return false, out.end(result, err)
	}
	result, err := s.Do(ctx, ops.Install(ans, 0))
	if result, err = withAddress(ctx, s, result, err); err != nil {
		return w.offerRetry(ctx, out, err)
	}
	_ = questions.Drafts.Drop() // it is removed in a week
	err = out.end(result, nil)
	w.lines.Say("")
	next := w.next()
	next.HasKey, next.Result = questions.Keeps(), result
	for _, line := range next.Lines(ans) {
		w.lines.Say("%s", line)
	}
	w.beside(ctx, questions.Beside(ans))
	return false, err
}

// offerRetry tells of a failure, and asks whether to go through the answers
// once more.
func (w *interview) offerRetry(ctx context.Context, out *presenter, failure error) (bool, error) {
	told := out.end(event.Result{}, failure)
	if ctx.Err() != nil || finding.KindOf(failure) == finding.Broken {
		return false, told
	}
	text, err := w.lines.Ask(ctx, "\nGo through the answers again and retry? [no]: ", false)
	if err != nil || text != "yes" && text != "y" {
		return false, told
	}
	return true, nil
}

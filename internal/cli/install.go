package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/ops"
	"github.com/marketcalls/openalgo-install/internal/plan"
	"github.com/marketcalls/openalgo-install/internal/readfile"
)

type installOptions struct {
	answers  string
	dryRun   bool
	rehearse bool
	wait     time.Duration
}

func (o *installOptions) flags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&o.answers, "answers", "", "file with the answers (YAML); - is stdin")
	flags.BoolVar(&o.dryRun, "dry-run", false, "print the plan and change nothing")
	flags.BoolVar(&o.rehearse, "rehearse", false, "do it all with the built-in stand-in app, then take it away again")
	waitFlag(cmd, &o.wait)
}

func (a *app) install(ctx context.Context, o installOptions) error {
	if a.asks(o) {
		return a.wizard(ctx, o)
	}
	// From here on every end is an event: who reads --json finds the reason there.
	out := a.presenter()
	all, err := a.installAnswers(ctx, o)
	if err != nil {
		return out.end(event.Result{}, err)
	}
	if all[0].Name != "" {
		return a.installAll(ctx, out, all, o)
	}
	ans := all[0].Answers
	if err := a.bringDocker(ctx, ans, o); err != nil {
		return out.end(event.Result{}, err)
	}
	in, done, err := a.session(ctx, out)
	if err != nil {
		return out.end(event.Result{}, hintDocker(err))
	}
	defer done()
	in.Wait = o.wait
	in.Confirm = func(p *plan.Plan) error { return a.confirmPlan(p, false, nowWay) }
	if o.dryRun {
		plan, err := in.Plan(ctx, ans, 0)
		if err != nil {
			return out.end(event.Result{}, err)
		}
		return a.showPlan(plan)
	}
	if o.rehearse {
		result, report, err := in.Rehearse(ctx, ans)
		if report != nil {
			out.rehearsal(report)
		}
		return out.end(result, err)
	}
	if a.savedAnswers(o) {
		result, err := in.InstallSaved(ctx)
		return out.end(result, err)
	}
	result, err := in.Install(ctx, ans, 0)
	return out.end(result, err)
}

// savedAnswers reports whether the answers are those that an install left in
// this instance's directory.
func (a *app) savedAnswers(o installOptions) bool {
	dir, err := instance.Abs(a.dir)
	if err != nil {
		return false
	}
	_, _, saved := ops.SavedAnswers(dir, o.answers)
	return saved
}

func (a *app) installAnswers(ctx context.Context, o installOptions) ([]answers.Named, error) {
	if o.answers == "" {
		return nil, usage("no answers were given, and without a terminal nothing is asked. One of these works:\n" +
			"  openalgo-install answers init > answers.yaml    (edit it)\n" +
			"  openalgo-install --answers answers.yaml")
	}
	dir, err := instance.Abs(a.dir)
	if err != nil {
		return nil, err
	}
	saved, problems, ok := ops.SavedAnswers(dir, o.answers)
	switch {
	case !ok:
		return a.readAllAnswers(ctx, o.answers)
	case len(problems) > 0:
		return nil, &usageError{&answers.Invalid{Problems: problems}}
	}
	return []answers.Named{{Answers: saved}}, nil
}

func (a *app) showPlan(plan *plan.Plan) error {
	if a.json {
		return a.writeJSON(plan)
	}
	plan.WriteText(a.stdout)
	fmt.Fprintln(a.stdout, "\nDry run: nothing was changed.")
	return nil
}

// readAnswers reads the answers of one instance.
func (a *app) readAnswers(ctx context.Context, name string) (answers.Answers, error) {
	all, err := a.readAllAnswers(ctx, name)
	if err != nil {
		return answers.Answers{}, err
	}
	if all[0].Name != "" {
		return answers.Answers{}, usage("%s has a list of instances, and this takes the answers of one", name)
	}
	return all[0].Answers, nil
}

// readAllAnswers reads and checks the answers; every mistake is reported at once.
func (a *app) readAllAnswers(ctx context.Context, name string) ([]answers.Named, error) {
	data, err := a.answersText(ctx, name)
	if err != nil {
		return nil, err
	}
	all, problems := answers.ParseAll(data, answers.Lookup{Env: os.LookupEnv, ReadFile: func(path string) ([]byte, error) {
		return readfile.Input(ctx, path, readfile.Secret)
	}})
	if ctx.Err() != nil {
		return nil, errCancelled
	}
	if len(problems) > 0 {
		return nil, &usageError{&answers.Invalid{Problems: problems}}
	}
	return all, nil
}

func (a *app) answersText(ctx context.Context, name string) ([]byte, error) {
	if name == "-" {
		data, err := readfile.Stream(ctx, a.stdin, "stdin", readfile.Config)
		if ctx.Err() != nil {
			return nil, errCancelled
		}
		if err != nil {
			return nil, usage("reading the answers from stdin: %v", err)
		}
		return data, nil
	}
	data, err := readfile.Input(ctx, name, readfile.Config)
	if ctx.Err() != nil {
		return nil, errCancelled
	}
	if errors.Is(err, readfile.ErrTooLarge) {
		return nil, usage("reading the answers: %v", err)
	}
	if err != nil {
		return nil, usage("reading the answers: %v; `%s answers init > %s` writes an example", err, program, name)
	}
	if info, err := os.Stat(name); err == nil && info.Mode().Perm()&0o044 != 0 && answers.HasPlainSecrets(data) {
		fmt.Fprintf(a.stderr, "warning: %s holds secrets and others on this host can read it: chmod 600 %s\n", name, name)
	}
	return data, nil
}

// hintDocker adds the way out to an engine that is not there.
func hintDocker(err error) error {
	if errors.Is(err, engine.ErrAbsent) {
		return fmt.Errorf("%w; or write `docker: {install: true}` into the answers", err)
	}
	return err
}

func (a *app) writeJSON(doc any) error {
	enc := json.NewEncoder(a.stdout)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(doc)
}

package ops

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/plan"
	"github.com/marketcalls/openalgo-install/internal/readfile"
)

// Reconfigure changes some answers of an installed stack and carries that out
// as an install does; its image stays the one that it runs. Credentials come
// from .env, where alone they are.
func (in *Session) Reconfigure(ctx context.Context, command string, change func(*answers.Answers) error) (event.Result, error) {
	return in.carryOut(ctx, command, in.changed(command, change))
}

// PlanReconfigure works out what Reconfigure would do, and changes nothing.
func (in *Session) PlanReconfigure(ctx context.Context, command string, change func(*answers.Answers) error) (*plan.Plan, error) {
	return in.dryRun(ctx, command, in.changed(command, change))
}

// changed is the wish for the saved answers with a change.
func (in *Session) changed(command string, change func(*answers.Answers) error) wish {
	return func(ctx context.Context) (plan.Intent, error) {
		i, err := in.saved(ctx, command)
		if err != nil {
			return i, err
		}
		if err := change(&i.Answers); err != nil {
			return i, err
		}
		if problems := i.Answers.Check(); len(problems) > 0 {
			return i, &finding.Error{Kind: finding.Usage, Err: &answers.Invalid{Problems: problems}}
		}
		return i, nil
	}
}

// saved is the intent of the answers that the stack was installed with: it keeps
// its image.
func (in *Session) saved(ctx context.Context, command string) (plan.Intent, error) {
	i := plan.Intent{Command: command}
	o, err := in.observe(ctx)
	if err != nil {
		return i, err
	}
	in.knowEnv(o)
	path := in.dir.Path(instance.AnswersName)
	switch {
	case o.Container() == nil && o.Env == nil:
		return i, finding.Errorf(finding.HostNotReady, "there is no OpenAlgo in %s: `openalgo-install status` lists what there is, --dir names another directory", string(in.dir))
	case o.State.ImageRef == "":
		return i, finding.Errorf(finding.HostNotReady, "the OpenAlgo in %s was not installed by this program: `openalgo-install adopt` takes it over as it is, "+
			"with its keys and data", string(in.dir))
	case o.AnswersText == nil:
		return i, finding.Errorf(finding.HostNotReady, "%s is gone, so it is not known how this OpenAlgo was installed: bring it back, or install with answers again, "+
			"which keeps keys and data", path)
	case o.Env == nil && len(o.Data) == 0:
		return i, finding.Errorf(finding.HostNotReady, "there is no %s, and no data either. To install OpenAlgo here, use --answers FILE", in.dir.Env())
	}
	if err := plan.GuardKeys(o); err != nil {
		return i, err
	}
	a, problems := answers.ParseSaved(o.AnswersText)
	if len(problems) > 0 {
		return i, &finding.Error{Kind: finding.HostNotReady, Err: fmt.Errorf("%s: %w", path, &answers.Invalid{Problems: problems})}
	}
	plan.ReadCredentials(&a, o.Env)
	i.Answers, i.Image.Keep = a, &plan.Kept{Ref: o.State.ImageRef, OwnHealth: strings.Contains(string(o.ComposeText), openalgo.Start)}
	return i, nil
}

// SavedAnswers are the answers in the file name where that is what an install
// left in dir, with the credentials that stand in .env; ok says whether it is.
func SavedAnswers(dir, name string) (a answers.Answers, problems []answers.Problem, ok bool) {
	if !sameFile(name, filepath.Join(dir, instance.AnswersName)) {
		return a, nil, false
	}
	text, err := readfile.NoLink(name, readfile.Config)
	if err != nil {
		return a, nil, false
	}
	if a, problems = answers.ParseSaved(text); len(problems) > 0 {
		return a, problems, true
	}
	plan.ReadCredentials(&a, envOf(dir))
	return a, a.Check(), true
}

// confirm asks what the plan wants to be asked.
func (in *Session) confirm(p *plan.Plan) error {
	if in.Confirm == nil || len(p.Asks) == 0 {
		return nil
	}
	return in.Confirm(p)
}

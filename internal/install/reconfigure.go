package install

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/envfile"
	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/readfile"
	"github.com/marketcalls/openalgo-install/internal/secret"
)

// Reconfigure changes some answers of an installed stack and carries that out
// as an install does; its image stays the one that it runs. Credentials come
// from .env, where alone they are.
func (in *Installer) Reconfigure(ctx context.Context, command string, change func(*answers.Answers) error) (event.Result, error) {
	return in.carryOut(ctx, command, in.changed(command, change))
}

// PlanReconfigure works out what Reconfigure would do, and changes nothing.
func (in *Installer) PlanReconfigure(ctx context.Context, command string, change func(*answers.Answers) error) (*Plan, error) {
	return in.dryRun(ctx, command, in.changed(command, change))
}

// changed is the wish for the saved answers with a change.
func (in *Installer) changed(command string, change func(*answers.Answers) error) wish {
	return func(ctx context.Context) (Intent, error) {
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
func (in *Installer) saved(ctx context.Context, command string) (Intent, error) {
	i := Intent{Command: command}
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
	if err := guardKeys(o); err != nil {
		return i, err
	}
	a, problems := answers.ParseSaved(o.AnswersText)
	if len(problems) > 0 {
		return i, &finding.Error{Kind: finding.HostNotReady, Err: fmt.Errorf("%s: %w", path, &answers.Invalid{Problems: problems})}
	}
	readCredentials(&a, o.Env)
	i.Answers, i.Image.Keep = a, &kept{ref: o.State.ImageRef, ownHealth: strings.Contains(string(o.ComposeText), openalgo.Start)}
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
	readCredentials(&a, envOf(dir))
	return a, a.Check(), true
}

// readCredentials takes the broker's credentials from .env, where alone they are.
func readCredentials(a *answers.Answers, env *envfile.File) {
	for key, place := range credentialKeys {
		value, _ := env.Get(key)
		*place(&a.Broker) = secret.New(value)
	}
}

// kept is the image that a change of the answers leaves alone.
type kept struct {
	ref       string
	ownHealth bool
}

// planAsks adds the question of a change that is not an install: whether it
// may happen now.
func planAsks(o *observed, p *Plan) {
	c := p.change(KindContainer, p.containerName())
	askExposed(o, p)
	if from := o.MovedFrom(); from != "" && c != nil {
		p.Asks = append(p.Asks, Ask{AskMoved, fmt.Sprintf("%s was moved here from %s. The container is recreated for this place, and OpenAlgo stops for some seconds. "+
			"The previous container cannot be started again", string(o.Dir), from)})
	}
	if p.command == commandInstall || o.Env == nil {
		return
	}
	if c != nil && c.Action == ActionRecreate && o.Container() != nil && isUp(*o.Container()) {
		askForMarket(o, p)
	}
}

// confirm asks what the plan wants to be asked.
func (in *Installer) confirm(p *Plan) error {
	if in.Confirm == nil || len(p.Asks) == 0 {
		return nil
	}
	return in.Confirm(p)
}

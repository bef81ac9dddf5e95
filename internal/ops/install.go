package ops

import (
	"path/filepath"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/guard"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/plan"
	"github.com/marketcalls/openalgo-install/internal/readfile"
	"github.com/marketcalls/openalgo-install/internal/settings"
	"github.com/marketcalls/openalgo-install/internal/stacks"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// Install makes the stack what the answers say. Nothing to do is a success.
// instances share the machine in the end; 0 counts those that run.
func Install(a answers.Answers, instances int) Command {
	return Command{Name: plan.CommandInstall, Wish: func(*world.Observation) (plan.Intent, error) { return plan.AsAnswered(a, instances), nil }}
}

// InstallSaved is Install with the answers that the last install left in the
// directory, as they stand once no other run is under way.
func InstallSaved() Command { return Command{Name: plan.CommandInstall, Wish: asSaved} }

func asSaved(o *world.Observation) (plan.Intent, error) {
	if o.AnswersText == nil {
		return plan.Intent{}, finding.Named(finding.Usage, "answers-unreadable", "%s can no longer be read", o.Dir.Path(instance.AnswersName))
	}
	if err := guard.Keys(o); err != nil { // without them the credentials are gone, too
		return plan.Intent{}, err
	}
	a, problems := answers.ParseSaved(o.AnswersText)
	if len(problems) == 0 && o.Env != nil {
		settings.ReadCredentials(&a, o.Env)
	}
	if len(problems) == 0 {
		problems = a.Check()
	}
	if len(problems) > 0 {
		return plan.Intent{}, finding.Named(finding.Usage, "answers-invalid", "%w", &answers.Invalid{Problems: problems})
	}
	return plan.AsAnswered(a, 0), nil
}

// SavedAnswers are the answers in the file name where that is what an install
// left in dir, with the credentials that stand in .env; ok says whether it is.
func SavedAnswers(dir, name string) (a answers.Answers, problems []answers.Problem, ok bool) {
	if !stacks.SameFile(name, filepath.Join(dir, instance.AnswersName)) {
		return a, nil, false
	}
	text, err := readfile.NoLink(name, readfile.Config)
	if err != nil {
		return a, nil, false
	}
	if a, problems = answers.ParseSaved(text); len(problems) > 0 {
		return a, problems, true
	}
	env := world.EnvOf(dir)
	settings.ReadCredentials(&a, env)
	if len(env.Keys()) == 0 {
		return a, nil, true // it is empty, or not for this user to read: InstallSaved says why
	}
	return a, a.Check(), true
}

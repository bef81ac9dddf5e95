package ops

import (
	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/installed"
	"github.com/marketcalls/openalgo-install/internal/plan"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// Reconfigure changes some answers of an installed stack and carries that out
// as an install does; its image stays the one that it runs.
func Reconfigure(command string, change func(*answers.Answers) error) Command {
	return Command{Name: command, Wish: changed(command, change), settle: true}
}

// changed is the wish for the saved answers with a change.
func changed(command string, change func(*answers.Answers) error) Wish {
	return func(o *world.Observation) (plan.Intent, error) {
		i, err := installed.Intent(o, command)
		if err != nil {
			return i, err
		}
		if err := change(&i.Answers); err != nil {
			return i, err
		}
		if problems := i.Answers.Check(); len(problems) > 0 {
			return i, finding.Named(finding.Usage, "answers-invalid", "%w", &answers.Invalid{Problems: problems})
		}
		return i, nil
	}
}

package ops

import (
	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/plan"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// recreate is a start where the container is gone: from the saved answers, with
// the same keys and data.
func recreate() Command {
	asBefore := changed(plan.CommandStart, func(*answers.Answers) error { return nil })
	return Command{Name: plan.CommandStart, settle: true, Wish: func(o *world.Observation) (plan.Intent, error) {
		i, err := asBefore(o)
		if err == nil && len(o.Data) == 0 {
			err = finding.Named(finding.HostNotReady, "data-missing", "the data of this OpenAlgo is gone\n\nStarting it now would create an empty one.").
				With(finding.Run("Restore a backup, with its accounts and keys", "restore", "FILE"),
					finding.Run("Begin with an empty OpenAlgo. The accounts and settings of this one do not come back", "--answers", o.Dir.Path(instance.AnswersName))).
				Ending(finding.Unchanged)
		}
		return i, err
	}}
}

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
			err = finding.Errorf(finding.HostNotReady, "the data of this OpenAlgo is gone\n\nStarting it now would create an empty one. You can do one of these:\n"+
				"  1. Restore a backup, with its accounts and keys:\n     sudo openalgo-install --dir %[1]s restore FILE\n"+
				"  2. Begin with an empty OpenAlgo. The accounts and settings of this one do not come back:\n     sudo openalgo-install --dir %[1]s --answers %[2]s\n\n"+
				"Nothing was changed.", string(o.Dir), o.Dir.Path(instance.AnswersName))
		}
		return i, err
	}}
}

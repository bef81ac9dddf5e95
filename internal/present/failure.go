package present

import (
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/printable"
)

// Failure is why an install failed and what can be done, and in what state that left
// the machine. The state is "" where the reason tells it.
func Failure(reader finding.Prompt, err error) (reason, state string) {
	reason = reader.Advice(err)
	end := finding.EndOf(err)
	told := end != "" && end != finding.Unchanged
	if told {
		reason += "\n\n" + end
	}
	switch kind := finding.KindOf(err); {
	case kind == finding.Broken:
		state = "The rollback is not complete. The lines above say whether OpenAlgo runs and which command completes the rollback."
	case kind == finding.RolledBack && told:
	case kind == finding.RolledBack:
		state = "All changes were undone."
	default:
		state = "Nothing was changed."
	}
	return printable.Text(reason), state
}

package present

import (
	"fmt"
	"io"

	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/plan"
	"github.com/marketcalls/openalgo-install/internal/printable"
)

// writeRemoval prints what an uninstall removes and keeps.
func writeRemoval(w io.Writer, p *plan.Plan) {
	for _, c := range p.Changes {
		fmt.Fprintf(w, "  %-8s  %-9s  %s (%s)\n", c.Action, c.Kind, printable.Line(c.Name), printable.Line(c.Reason))
	}
	for _, kept := range p.Removal.Kept {
		fmt.Fprintf(w, "  keep      %s\n", printable.Line(kept))
	}
	for _, warning := range p.Warnings {
		fmt.Fprintf(w, "  WARN      %s\n", printable.Text(warning))
	}
	if p.Empty() {
		fmt.Fprintln(w, "Nothing to do.")
	}
}

// Document is a plan as --json prints it.
func Document(p *plan.Plan) any {
	if p.Removal == nil {
		return p
	}
	return struct {
		Changes []plan.Change `json:"changes"`
		Kept    []string      `json:"kept"`
		Project string        `json:"project"`
		Asks    []plan.Ask    `json:"asks,omitempty"`
		finding.Told
	}{p.Changes, p.Removal.Kept, p.Project, p.Asks, p.Told}
}

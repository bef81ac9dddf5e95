package plan

import (
	"github.com/marketcalls/openalgo-install/internal/finding"
)

// problems are what prevents a plan from being carried out.
type problems []*finding.Error

// add adds a problem. One that has a name already keeps it.
func (ps *problems) add(id, format string, args ...any) {
	*ps = append(*ps, finding.Named(finding.HostNotReady, id, format, args...))
}

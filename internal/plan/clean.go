package plan

import (
	"github.com/marketcalls/openalgo-install/internal/guard"
	"github.com/marketcalls/openalgo-install/internal/printable"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// planClean plans to remove what nothing needs any more. OpenAlgo is left alone.
func planClean(o *world.Observation, i Intent) (*Plan, error) {
	if err := guard.All(o); err != nil { // a copy may be the last that has the right keys
		return nil, err
	}
	p := begun(o, i)
	for _, s := range i.Spare {
		p.Add(Change{Kind: s.Kind, Name: s.Name, Action: ActionRemove, Reason: s.Why + "; up to " + printable.Size(s.Bytes), Bytes: s.Bytes})
		p.Commit = append(p.Commit, s.Step)
	}
	if !p.Empty() {
		p.Asks = []Ask{{AskRemove, "This is deleted for good and frees " + freed(p) + ". OpenAlgo keeps running"}}
	}
	return p, nil
}

// freed is how much a plan frees at most.
func freed(p *Plan) string {
	var bytes int64
	for _, c := range p.Changes {
		bytes += c.Bytes
	}
	return "up to " + printable.Size(bytes)
}

package plan

import (
	"github.com/marketcalls/openalgo-install/internal/preflight"
	"github.com/marketcalls/openalgo-install/internal/printable"
	"github.com/marketcalls/openalgo-install/internal/run"
	"github.com/marketcalls/openalgo-install/internal/step/swap"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// asksSwap reports whether an install is to make a swap file, where there is none.
func (p *Plan) asksSwap() bool {
	return p.Command == CommandInstall && p.Answers.SwapMiB > 0 && !p.Intent.Rehearsal
}

func planSwap(o *world.Observation, p *Plan, ps *preflight.Problems) {
	if !p.asksSwap() {
		return
	}
	make, warned := preflight.Swap(o, p.Answers.SwapMiB, ps)
	p.Warn(warned...)
	if make {
		p.Add(Change{Kind: KindSwap, Name: swap.Path, Action: ActionCreate, Reason: printable.Size(int64(p.Answers.SwapMiB)<<20) +
			": this machine has no swap. It works at once and after each restart (/etc/fstab)"})
	}
}

// swapPart comes first: the start of OpenAlgo needs the memory.
func swapPart(p *Plan) []run.Part {
	if p.Change(KindSwap, swap.Path) == nil {
		return nil
	}
	s := &swap.Make{MiB: p.Answers.SwapMiB}
	return []run.Part{{Name: "swap", Title: s.String(), Steps: []run.Step{s}}}
}

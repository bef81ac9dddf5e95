package doctor

import (
	"errors"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/printable"
)

// What a machine must have, in MiB.
const (
	fewMemory = 256 // available without swapping
	smallRAM  = 3000
)

func engineAnswers(p patient) []Finding {
	if p.engineErr != nil {
		unusable := finding.Named(finding.HostNotReady, "engine-unusable", "%w", p.engineErr)
		switch {
		case errors.Is(p.engineErr, engine.ErrPermission):
			unusable = unusable.With(shell(finding.Prompt{Dir: p.dir, Sudo: true}.Command("doctor")))
		case finding.IDOf(p.engineErr) == "engine-platform": // Docker would not help
		case len(finding.HintsOf(p.engineErr)) == 0:
			unusable = unusable.With(finding.Anywhere("", "docker"))
		}
		return failure("engine", unusable)
	}
	return ok("engine", "%s answers (API %s)", p.engine.Product(), p.engine.APIVersion)
}

func memory(p patient) []Finding {
	h := p.host
	switch {
	case h == nil:
		return nil
	case h.AvailableMiB < fewMemory:
		return warning("memory", finding.Warn("memory-low", "only %s of %s available without swap. Linux kills a strategy that needs more", printable.MiB(h.AvailableMiB), printable.MiB(h.RAMMiB)))
	case h.RAMMiB < smallRAM && h.SwapMiB == 0:
		return warning("memory", finding.Warn("swap-missing", "%s of RAM and no swap: when memory runs out for a moment, Linux kills OpenAlgo or a strategy. To make a swap file at the next install, write `swap: 2GB` in the answers file", printable.MiB(h.RAMMiB)))
	}
	return ok("memory", "%s of %s available", printable.MiB(h.AvailableMiB), printable.MiB(h.RAMMiB))
}

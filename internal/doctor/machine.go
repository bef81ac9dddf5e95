package doctor

import (
	"errors"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/finding"
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
		return warning("memory", finding.Warn("memory-low", "only %d MiB of %d available without swapping: a strategy that needs more is ended by the kernel", h.AvailableMiB, h.RAMMiB))
	case h.RAMMiB < smallRAM && h.SwapMiB == 0:
		return warning("memory", finding.Warn("swap-missing", "%d MiB of RAM and no swap: a process that needs a little more for a moment is ended by the kernel. `swap: 2GB` in the answers file makes a swap file at the next install", h.RAMMiB))
	}
	return ok("memory", "%d of %d MiB available", h.AvailableMiB, h.RAMMiB)
}

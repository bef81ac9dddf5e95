package doctor

import "github.com/marketcalls/openalgo-install/internal/bytecode"

// compiled reports whether OpenAlgo's code is compiled, by which its next start is
// short. It is nothing to fix: the next change compiles it first.
func compiled(p patient) []Finding {
	if p.instance == nil {
		return nil
	}
	switch p.instance.Bytecode {
	case bytecode.Ready:
		return ok("code", "OpenAlgo's code is compiled, so the next start is short")
	case bytecode.Building:
		return ok("code", "OpenAlgo's code is being compiled in the background")
	case bytecode.Absent:
		return ok("code", "OpenAlgo's code is not compiled, so the next start takes as long as the first")
	}
	return nil
}

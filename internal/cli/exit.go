package cli

import (
	"context"
	"errors"

	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/rehearsal"
)

// exitDone is the exit code of what is done, or of nothing to do.
const exitDone = 0

// exitCodes are the exit codes of the program (docs/exit-codes.md).
var exitCodes = map[finding.Kind]int{
	finding.Failed:       1,
	finding.Usage:        2,
	finding.HostNotReady: 3,
	finding.RolledBack:   4,
	finding.Broken:       5,
	finding.Cancelled:    130,
}

// kindOf returns the kind of an error. A cancelled run that could be undone, or
// could not, says more than that it was cancelled.
func kindOf(err error) finding.Kind {
	kind := finding.KindOf(err)
	switch {
	case kind == finding.Broken, kind == finding.RolledBack:
		return kind
	case errors.Is(err, context.Canceled):
		return finding.Cancelled
	}
	return kind
}

// kindOfExit returns the kind that another process of this program reported.
func kindOfExit(code int) finding.Kind {
	for kind, c := range exitCodes {
		if c == code {
			return kind
		}
	}
	return finding.Failed
}

// exitCode returns the exit code of an error: that of a command that ran in the
// container, or that of what was found.
func exitCode(err error) int {
	var (
		process *rehearsal.ExitError
		inside  *exitError
	)
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &inside):
		return inside.code
	case errors.As(err, &process):
		return process.Code
	}
	if code := exitCodes[kindOf(err)]; code != exitDone {
		return code
	}
	return exitCodes[finding.Failed]
}

package ops

import (
	"context"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
)

// Shell is the best shell that the container has.
var Shell = []string{"sh", "-c", "cd " + openalgo.Dir + "; if command -v bash >/dev/null; then exec bash; fi; exec sh"}

// Inside runs a command in the container, on a terminal where one is given,
// and returns its exit code and, without a terminal, what it printed.
func (in *Session) Inside(ctx context.Context, cmd []string, t *engine.Terminal) (engine.ExecResult, error) {
	c, err := containerOf(ctx, in)
	if err != nil {
		return engine.ExecResult{}, err
	}
	if c.State != "running" {
		return engine.ExecResult{}, finding.Named(finding.HostNotReady, "not-running", "%s is %s", c.Name, c.State).With(finding.Run("Start OpenAlgo first", "start"))
	}
	if t == nil {
		return in.Engine.Exec(ctx, c.ID, cmd, "")
	}
	code, err := in.Engine.ExecTerminal(ctx, c.ID, cmd, []string{"TERM=xterm-256color"}, *t)
	return engine.ExecResult{ExitCode: code}, err
}

// Package inside looks into the container of an instance: it runs a command there,
// and shows its log.
package inside

import (
	"context"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/guard"
	"github.com/marketcalls/openalgo-install/internal/market"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/ops"
	"github.com/marketcalls/openalgo-install/internal/printable"
	"github.com/marketcalls/openalgo-install/internal/ready"
	"github.com/marketcalls/openalgo-install/internal/secret"
	"github.com/marketcalls/openalgo-install/internal/settings"
)

// Shell is the best shell that the container has.
var Shell = []string{"sh", "-c", "cd " + openalgo.Dir + "; if command -v bash >/dev/null; then exec bash; fi; exec sh"}

// Run runs a command in the container, on a terminal where one is given, and
// returns its exit code and, without a terminal, what it printed. Without a terminal
// it reads input, unless that is nil.
func Run(ctx context.Context, in *ops.Session, cmd []string, t *engine.Terminal, input []byte) (engine.ExecResult, error) {
	o, err := in.Look(ctx)
	if err != nil {
		return engine.ExecResult{}, err
	}
	c, err := guard.Present(o)
	if err != nil {
		return engine.ExecResult{}, err
	}
	if c.State != "running" {
		return engine.ExecResult{}, finding.Named(finding.HostNotReady, "not-running", "%s is %s", c.Name, c.State).With(finding.Run("Start OpenAlgo first", "start"))
	}
	if t == nil && input != nil {
		return in.Engine.ExecInput(ctx, c.ID, cmd, input)
	}
	if t == nil {
		return in.Engine.Exec(ctx, c.ID, cmd, "")
	}
	code, err := in.Engine.ExecTerminal(ctx, c.ID, cmd, []string{"TERM=xterm-256color"}, *t)
	return engine.ExecResult{ExitCode: code}, err
}

// LogOptions choose what of the container's log is shown.
type LogOptions struct {
	Follow     bool
	Tail       int            // the last so many lines; 0 is all
	Since      time.Time      // zero: from the start
	Timestamps bool           // when each line was written, in IST
	Match      *regexp.Regexp // nil: every line
}

// Show is one line as it is shown; "" where it is not.
func (o LogOptions) Show(redact *secret.Redactor, line string) string {
	stamp := ""
	if o.Timestamps {
		when, rest, _ := strings.Cut(line, " ")
		if at, err := time.Parse(time.RFC3339Nano, when); err == nil {
			stamp, line = at.In(market.IST).Format("2006-01-02 15:04:05 MST")+"  ", rest
		}
	}
	text := ready.Line(redact, line)
	if o.Match != nil && !o.Match.MatchString(text) {
		return ""
	}
	return stamp + text + "\n"
}

// Logs copies the container's log to out, secrets taken out.
func Logs(ctx context.Context, in *ops.Session, o LogOptions, out io.Writer) error {
	seen, err := in.Look(ctx)
	if err != nil {
		return err
	}
	c, err := guard.Present(seen)
	if err != nil {
		return err
	}
	redact := settings.Redactor(answers.Answers{}, seen.Env)
	lines := &printable.Lines{Take: func(line string) { fmt.Fprint(out, o.Show(redact, line)) }}
	err = in.Engine.Logs(ctx, c.ID, engine.LogOptions{Follow: o.Follow, Tail: o.Tail, Since: o.Since, Timestamps: o.Timestamps}, lines, lines)
	lines.Flush()
	if ctx.Err() != nil {
		return nil // ctrl+c ends following
	}
	if err != nil {
		return fmt.Errorf("read the log of %s: %w", c.Name, err)
	}
	return nil
}

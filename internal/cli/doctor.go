package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/marketcalls/openalgo-install/internal/doctor"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/ops"
	"github.com/marketcalls/openalgo-install/internal/present"
	"github.com/marketcalls/openalgo-install/internal/printable"
)

func init() { register(newDoctor) }

type doctorCommand struct {
	*app
	bundle string
	fix    bool
	wait   time.Duration
}

func newDoctor(a *app) *cobra.Command {
	c := &doctorCommand{app: a}
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Find problems with OpenAlgo, Docker and this machine",
		Long: `Check the instance in --dir: Docker, disk, memory, clock, the container and its
restarts, whether OpenAlgo answers, .env, open ports, DNS, the certificate, the
sizing, and interrupted runs. Each finding says what is wrong and how to fix it.
Nothing is changed.

--fix shows what is safe to fix, asks, and fixes it: the permissions of .env, a
.env that a Windows editor saved as UTF-16 or with a byte order mark, a
container that is stopped or does not answer, its restart policy, and
interrupted runs. --yes answers the question.

--bundle writes the report, files and logs into an archive for support, without
secrets.

The exit code is 1 if something does not work, and 0 if there are only warnings.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.run(cmd.Context()) },
	}
	clusterFlags(cmd, a)
	cmd.Flags().StringVar(&c.bundle, "bundle", "", "write an archive for support (.tar.gz), without secrets")
	waitFlag(cmd, &c.wait)
	cmd.Flags().BoolVar(&c.fix, "fix", false, "fix what is safe to fix; shows the list first")
	return cmd
}

func (c *doctorCommand) run(ctx context.Context) error {
	if c.target != "" {
		return clusterDoctor(ctx, c.app)
	}
	dir, err := instance.Abs(c.dir)
	if err != nil {
		return err
	}
	look := doctor.Look{Dir: dir}
	look.Engine, look.Machine, look.EngineErr = connect(ctx)
	if look.EngineErr == nil {
		defer look.Engine.Close()
	}
	report := doctor.Examine(ctx, look)
	if ctx.Err() != nil { // what was asked last had no answer for that
		return ctx.Err()
	}
	if c.fix && look.EngineErr == nil && len(report.Fixes()) > 0 {
		report.WriteText(c.stderr)
		if err := c.repair(ctx, look, report); err != nil {
			return err
		}
		report = doctor.Examine(ctx, look)
	}
	if c.json {
		err = c.writeJSON(report)
	} else {
		report.WriteText(present.Folded(c.stdout))
	}
	if err == nil && c.bundle != "" {
		if err = doctor.Bundle(ctx, look, report, c.bundle); err == nil {
			fmt.Fprintf(c.stderr, "Written: %s. Check its contents before you send it.\n", c.bundle)
		}
	}
	if err == nil && report.Failures > 0 {
		return &toldError{finding.Named(finding.Failed, "doctor-found", "doctor found problems")}
	}
	return err
}

// repair repairs what may be repaired, once that was shown and wanted.
func (c *doctorCommand) repair(ctx context.Context, look doctor.Look, report doctor.Report) error {
	fmt.Fprintln(c.stderr, "\nTo be fixed:")
	for _, f := range report.Fixes() {
		fmt.Fprintf(c.stderr, "  - %s\n", f)
	}
	if !c.yes {
		ok, err := c.confirm("", "yes")
		if err != nil {
			return usage("cannot ask for confirmation without a terminal. To confirm in advance, add --yes")
		}
		if !ok {
			return finding.Named(finding.Cancelled, "cancelled", "nothing was changed")
		}
	}
	out := present.NewRun(present.Options{Text: c.stderr, Errors: c.stderr, Verbose: c.verbose, Prompt: c.prompt})
	in, err := ops.New(look.Dir, look.Engine, look.Machine, out)
	if err != nil {
		return err
	}
	in.Wait = c.wait
	for _, f := range report.Fixes() {
		if err := look.Apply(ctx, f, in); err != nil {
			// What is left is in the report that follows.
			fmt.Fprintf(c.stderr, "  FAIL  %s: %s\n", f, printable.Text(c.prompt().Text(err)))
			continue
		}
		fmt.Fprintf(c.stderr, "  ok    %s\n", f)
	}
	return nil
}

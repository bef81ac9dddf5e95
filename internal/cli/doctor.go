package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/marketcalls/openalgo-install/internal/doctor"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/ops"
)

type doctorOptions struct {
	bundle string
	fix    bool
	wait   time.Duration
}

func (a *app) doctorCommand() *cobra.Command {
	var o doctorOptions
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Find what is wrong with OpenAlgo, its engine and its machine",
		Long: `Look at everything that can be known about the OpenAlgo in --dir: the engine,
disk, memory and clock, the container and its restarts, whether OpenAlgo answers
rightly, .env by the app's own rules, open ports, DNS, the certificate, whether a
resize is due, and what a killed run has left. Each finding says what was seen
and what mends it. Nothing is changed.

--fix mends what is safe to mend, after showing it: the mode of .env, a
container that is stopped or not answering, its restart policy, what a killed
run left. It asks, or takes --yes.

--bundle writes the report, the files and the logs into an archive for somebody
who is to help, every secret taken out.

It exits 1 when something does not work, and 0 with warnings alone.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.doctor(cmd.Context(), o) },
	}
	cmd.Flags().StringVar(&o.bundle, "bundle", "", "write an archive for support (.tar.gz), every secret taken out")
	waitFlag(cmd, &o.wait)
	cmd.Flags().BoolVar(&o.fix, "fix", false, "mend what is safe to mend, after showing it")
	return cmd
}

func (a *app) doctor(ctx context.Context, o doctorOptions) error {
	dir, err := instance.Abs(a.dir)
	if err != nil {
		return err
	}
	look := doctor.Look{Dir: dir, Command: commandLine(nil, dir)}
	look.Engine, look.Machine, look.EngineErr = a.connect(ctx)
	if look.EngineErr == nil {
		defer look.Engine.Close()
	}
	report := doctor.Examine(ctx, look)
	if ctx.Err() != nil { // what was asked last had no answer for that
		return ctx.Err()
	}
	if o.fix && look.EngineErr == nil && len(report.Fixes()) > 0 {
		report.WriteText(a.stderr)
		if err := a.fix(ctx, look, report, o.wait); err != nil {
			return err
		}
		report = doctor.Examine(ctx, look)
	}
	if a.json {
		err = a.writeJSON(report)
	} else {
		report.WriteText(a.stdout)
	}
	if err == nil && o.bundle != "" {
		if err = doctor.Bundle(ctx, look, report, o.bundle); err == nil {
			fmt.Fprintf(a.stderr, "Written: %s. Look into it before you send it.\n", o.bundle)
		}
	}
	if err == nil && report.Failures > 0 {
		return &toldError{&finding.Error{Kind: finding.Failed, Err: errors.New("doctor found what does not work")}}
	}
	return err
}

// fix mends what may be mended, once that was shown and wanted.
func (a *app) fix(ctx context.Context, look doctor.Look, report doctor.Report, wait time.Duration) error {
	fmt.Fprintln(a.stderr, "\nThis is going to be mended:")
	for _, f := range report.Fixes() {
		fmt.Fprintf(a.stderr, "  - %s\n", f)
	}
	if !a.yes {
		ok, err := a.confirm("", "yes")
		if err != nil {
			return usage("without a terminal nothing is asked: add --yes if that is meant")
		}
		if !ok {
			return &finding.Error{Kind: finding.Cancelled, Err: errors.New("nothing was changed")}
		}
	}
	out := a.presenter()
	out.text, out.events, out.live = a.stderr, nil, false
	in, err := ops.New(look.Dir, look.Engine, look.Machine, out)
	if err != nil {
		return err
	}
	in.Wait = wait
	for _, f := range report.Fixes() {
		if err := look.Apply(ctx, f, in); err != nil {
			// What is left is in the report that follows.
			fmt.Fprintf(a.stderr, "  FAIL  %s: %v\n", f, err)
			continue
		}
		fmt.Fprintf(a.stderr, "  ok    %s\n", f)
	}
	return nil
}

package cli

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/marketcalls/openalgo-install/internal/doctor"
	"github.com/marketcalls/openalgo-install/internal/install"
)

func (a *app) doctorCommand() *cobra.Command {
	var bundle string
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Find what is wrong with OpenAlgo, its engine and its machine",
		Long: `Look at everything that can be known about the OpenAlgo in --dir: the engine,
disk, memory and clock, the container and its restarts, whether OpenAlgo answers
rightly, .env by the app's own rules, open ports, DNS, the certificate, whether a
resize is due, and what a killed run has left. Each finding says what was seen
and what mends it. Nothing is changed.

--bundle writes the report, the files and the logs into an archive for somebody
who is to help, every secret taken out.

It exits 1 when something does not work, and 0 with warnings alone.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			dir, err := install.AbsDir(a.dir)
			if err != nil {
				return err
			}
			look := doctor.Look{Dir: dir, Command: commandLine(nil, dir)}
			look.Engine, look.Machine, look.EngineErr = a.connect(cmd.Context())
			if look.EngineErr == nil {
				defer look.Engine.Close()
			}
			report := doctor.Examine(cmd.Context(), look)
			if a.json {
				err = a.writeJSON(report)
			} else {
				report.WriteText(a.stdout)
			}
			if err == nil && bundle != "" {
				if err = doctor.Bundle(cmd.Context(), look, report, bundle); err == nil {
					fmt.Fprintf(a.stderr, "Written: %s. Look into it before you send it.\n", bundle)
				}
			}
			if err == nil && report.Failures > 0 {
				return &toldError{&install.Error{Exit: install.ExitFailed, Err: errors.New("doctor found what does not work")}}
			}
			return err
		},
	}
	cmd.Flags().StringVar(&bundle, "bundle", "", "write an archive for support (.tar.gz), every secret taken out")
	return cmd
}

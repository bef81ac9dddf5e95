package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/sizing"
	"github.com/marketcalls/openalgo-install/internal/world"
)

func init() { register(newSize) }

func newSize(a *app) *cobra.Command {
	var ram string
	var cores int
	cmd := &cobra.Command{
		Use:   "size",
		Short: "Print the sizing table and what this machine gets",
		Example: `  openalgo-install size
  openalgo-install size --ram 4GB --cores 2 --json`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			machine, instances, err := sizeMachine(cmd, ram, cores)
			if err != nil {
				return err
			}
			s, warnings := sizing.Compute(machine, instances, sizing.Overrides{})
			if a.json {
				return a.writeJSON(sized{s, finding.Tell(warnings...)})
			}
			sizing.WriteTable(a.stdout, s)
			for _, w := range warnings {
				fmt.Fprintln(a.stderr)
				warn(a.stderr, finding.Prompt{}, w)
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&ram, "ram", "", "RAM to size for, for example 4GB, 3910MiB or 4096 (MiB); the default is this machine's")
	cmd.Flags().IntVar(&cores, "cores", 0, "cores to size for; the default is this machine's")
	return cmd
}

// sized is a sizing as --json has it, with what there is to say about it.
type sized struct {
	sizing.Sizing
	finding.Told
}

// sizeMachine takes the flags, and for what they leave out the machine that
// the stack would run on: Docker's, where there is one, else this machine.
// Without flags, the stacks that run share it.
func sizeMachine(cmd *cobra.Command, ram string, cores int) (m sizing.Machine, instances int, err error) {
	var flags sizing.Machine
	if cmd.Flags().Changed("ram") {
		if flags.RAMMiB, err = sizing.ParseMemory(ram); err != nil {
			return flags, 0, usage("--ram: %v", err)
		}
	}
	if cmd.Flags().Changed("cores") {
		if cores < 1 || cores > maxCores {
			return flags, 0, usage("--cores: %d is not a number of cores, for example 2", cores)
		}
		flags.Cores = cores
	}
	if flags.RAMMiB != 0 && flags.Cores != 0 {
		flags.Source = sizing.SourceFlag
		return flags, 1, nil
	}
	info, running := engine.Info{Local: true}, 0
	if e, err := engine.Connect(cmd.Context(), engine.Options{}); err == nil {
		info = e.Info()
		running, _ = world.Running(cmd.Context(), e) // not known: as if there were none
		_ = e.Close()
	}
	if m, err = machineOf(cmd.Context(), info); err != nil {
		return m, 0, err
	}
	if flags.RAMMiB == 0 && flags.Cores == 0 {
		return m, max(running, 1), nil
	}
	m.Source = sizing.SourceFlag
	if flags.RAMMiB != 0 {
		m.RAMMiB = flags.RAMMiB
	}
	if flags.Cores != 0 {
		m.Cores = flags.Cores
	}
	return m, 1, nil
}

// maxCores is more than any host has.
const maxCores = 4096

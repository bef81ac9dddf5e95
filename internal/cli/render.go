package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/install"
)

func (a *app) renderCommand() *cobra.Command {
	var from, out, target string
	cmd := &cobra.Command{
		Use:   "render --answers FILE --out DIR",
		Short: "Write the files of an installation, and touch nothing else",
		Long: `Write .env, docker-compose.yaml and the answers into a directory. No engine is
asked and nothing is started. A .env that is there already keeps its keys.`,
		Example: `  openalgo-install render --answers answers.yaml --out ./openalgo
  cd openalgo && docker compose up -d`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch {
			case from == "":
				return usage("render needs --answers FILE")
			case out == "":
				return usage("render needs --out DIR")
			case target != "compose":
				return usage("--target: %q is not part of this release; compose is", target)
			}
			ans, err := a.readAnswers(from)
			if err != nil {
				return err
			}
			machine, err := machineOf(cmd.Context(), engine.Info{Local: true})
			if err != nil {
				return err
			}
			written, warnings, err := install.Render(ans, machine, a.dir, out)
			if err != nil {
				return err
			}
			if a.json {
				return a.writeJSON(map[string]any{"files": written, "warnings": append([]string{}, warnings...)})
			}
			for _, path := range written {
				fmt.Fprintln(a.stdout, path)
			}
			for _, text := range warnings {
				fmt.Fprintf(a.stderr, "warning: %s\n", text)
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&from, "answers", "", "file with the answers (YAML); - is stdin")
	cmd.Flags().StringVar(&out, "out", "", "directory to write into")
	cmd.Flags().StringVar(&target, "target", "compose", "what the files are for: compose")
	return cmd
}

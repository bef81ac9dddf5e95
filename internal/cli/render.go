package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/render"
)

func init() { register(newRender) }

func newRender(a *app) *cobra.Command {
	var from, out, target string
	cmd := &cobra.Command{
		Use:   "render --answers FILE --out DIR",
		Short: "Write the files of an installation, and touch nothing else",
		Long: `Write the files of an installation into a directory. Docker is not used and
nothing is started. A .env that is there already keeps its keys.

compose   .env and docker-compose.yaml
docker    .env and run.sh, which is docker run with the same volumes, ports,
          limits and health check
railway   railway.json, the variables without a secret, and the Dockerfile,
          .dockerignore, start.sh and openalgo-*.py for a fork of OpenAlgo
render    the same with a render.yaml

Answers with an image from source add build.sh, which builds it with docker.`,
		Example: `  openalgo-install render --answers answers.yaml --out ./openalgo
  cd openalgo && docker compose up -d`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch {
			case from == "":
				return usage("render needs --answers FILE")
			case out == "":
				return usage("render needs --out DIR")
			case !slices.Contains(render.Targets, target):
				return usage("--target: there is no %q; one of %s", target, strings.Join(render.Targets, ", "))
			}
			if err := isHere("--out", out); err != nil {
				return err
			}
			ans, err := readAnswers(cmd.Context(), a, from)
			if err != nil {
				return err
			}
			machine, err := machineOf(cmd.Context(), engine.Info{Local: true})
			if err != nil {
				return err
			}
			written, warnings, err := render.Write(ans, render.Options{Machine: machine, InstanceDir: a.dir, Out: out, Target: target})
			if err != nil {
				return err
			}
			if a.json {
				return a.writeJSON(struct {
					Files []string `json:"files"`
					finding.Told
				}{written, finding.Tell(warnings...)})
			}
			for _, path := range written {
				fmt.Fprintln(a.stdout, path)
			}
			for _, w := range warnings {
				warn(a.stderr, finding.Prompt{}, w)
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&from, "answers", "", "file with the answers (YAML); - is stdin")
	cmd.Flags().StringVar(&out, "out", "", "directory to write into")
	cmd.Flags().StringVar(&target, "target", "compose", "what the files are for: compose, docker, railway or render")
	return cmd
}

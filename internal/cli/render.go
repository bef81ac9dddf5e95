package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/render"
)

func init() { register(newRender) }

func newRender(a *app) *cobra.Command {
	var from, out, target string
	cmd := &cobra.Command{
		Use:   "render --answers FILE --out DIR",
		Short: "Write the files of an installation, and change nothing else",
		Long: `Write the files of an installation into a directory. This uses no Docker and
starts nothing. An existing .env keeps its encryption keys.

compose     .env and docker-compose.yaml
docker      .env and run.sh, a docker run command with the same volumes, ports,
            limits and health check
swarm       .env and docker-stack.yaml, for docker stack deploy
railway     railway.json, the variables without secrets, and the Dockerfile,
            .dockerignore, start.sh and openalgo-*.py for a fork of OpenAlgo
render      the same files with render.yaml instead of railway.json
kubernetes  a directory of manifests for each instance, for kubectl apply -k.
            They hold no secret: openalgo-install keys prints it

If your answers build the image from source, build.sh is written too.`,
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
				return usage("--target: %q is not a target. Use one of: %s", target, strings.Join(render.Targets, ", "))
			}
			if err := isHere("--out", out); err != nil {
				return err
			}
			written, warnings, err := renderTo(cmd.Context(), a, from, out, target)
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
	cmd.Flags().StringVar(&from, "answers", "", "answers file (YAML); - reads stdin")
	cmd.Flags().StringVar(&out, "out", "", "directory for the files")
	cmd.Flags().StringVar(&target, "target", "compose", "platform for the files: compose, docker, swarm, kubernetes, railway or render")
	return cmd
}

// renderTo writes the files; those for Kubernetes are of every instance of the answers.
func renderTo(ctx context.Context, a *app, from, out, target string) (written []string, warnings finding.Warnings, err error) {
	if target == render.TargetKubernetes {
		all, err := answersBy(ctx, a, from, answers.Lookup{NamesOnly: true}) // no file has a secret
		if err != nil {
			return nil, nil, err
		}
		return render.WriteKubernetes(all, out)
	}
	ans, err := readAnswers(ctx, a, from)
	if err != nil {
		return nil, nil, err
	}
	machine, err := machineOf(ctx, engine.Info{Local: true})
	if err != nil {
		return nil, nil, err
	}
	return render.Write(ans, render.Options{Machine: machine, InstanceDir: a.dir, Out: out, Target: target})
}

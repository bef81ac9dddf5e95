package cli

import (
	"context"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/envfile"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/readfile"
	"github.com/marketcalls/openalgo-install/internal/render"
	"github.com/marketcalls/openalgo-install/internal/settings"
)

func init() { register(newKeys) }

func newKeys(a *app) *cobra.Command {
	var file, from string
	var show bool
	cmd := &cobra.Command{
		Use:   "keys --answers FILE [--instance NAME]",
		Short: "Print a Secret with new keys, for Kubernetes",
		Long: `Print the Secret of one instance on Kubernetes, for kubectl create: new
encryption keys, the broker's credentials and every other secret of your
answers. The command writes no file and does not connect to the cluster.

Make the Secret once, with "kubectl create", which fails if the Secret exists.
Never use "kubectl apply": with other keys, OpenAlgo cannot open its data.

--from DIR uses the keys of an instance that moves to the cluster. Its data opens
with no others. The broker's credentials come from that directory, unless your
answers have them.`,
		Example: `  openalgo-install keys --answers answers.yaml --instance alpha | kubectl create -f -
  openalgo-install keys --from /opt/openalgo --instance alpha | kubectl create -f -`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch {
			case a.json:
				return usage("keys prints a manifest, so --json is not possible")
			case cmd.Flags().Changed("dir"):
				return usage("write --from DIR for the directory whose keys you keep")
			case file == "" && from == "":
				return usage("keys needs --answers FILE, or --from DIR")
			case isTerminal(a.stdout) && !show:
				return usage("keys prints secrets, and this terminal would show them. Add | kubectl create -f - to the command, or --show").Ending(finding.Unchanged)
			}
			return printKeys(cmd.Context(), a, file, from)
		},
	}
	cmd.Flags().StringVar(&file, "answers", "", "answers file (YAML); - reads stdin")
	cmd.Flags().StringVar(&from, "from", "", "directory of an instance whose encryption keys are used")
	cmd.Flags().BoolVar(&show, "show", false, "print the secrets on a terminal")
	return cmd
}

func printKeys(ctx context.Context, a *app, file, from string) error {
	var there []byte
	if from != "" {
		if err := isHere("--from", from); err != nil {
			return err
		}
		var err error
		if there, err = readfile.Regular(filepath.Join(from, instance.EnvName), readfile.Config); err != nil {
			return finding.Named(finding.HostNotReady, "env-unreadable", "reading the .env of %s: %w", from, err).Ending(finding.Unchanged)
		}
	}
	n, err := keysOf(ctx, a, file, there)
	if err != nil {
		return err
	}
	text, warnings, err := render.Secret(n, there)
	if err != nil {
		return err
	}
	for _, w := range warnings {
		warn(a.stderr, finding.Prompt{}, w)
	}
	return write(a.stdout, text)
}

// keysOf are the answers of the instance that is meant. Without an answers file its .env
// says what its broker is.
func keysOf(ctx context.Context, a *app, file string, there []byte) (answers.Named, error) {
	if file == "" {
		env, err := envfile.Parse(there)
		if err != nil {
			return answers.Named{}, finding.Named(finding.HostNotReady, "env-unreadable", "reading the .env that is there: %w", err).Ending(finding.Unchanged)
		}
		n := answers.Named{Name: a.instanceName}
		n.Answers.Broker.Name = settings.BrokerOf(env)
		settings.ReadCredentials(&n.Answers, env)
		return n, nil
	}
	all, err := readAllAnswers(ctx, a, file)
	if err != nil {
		return answers.Named{}, err
	}
	return pickInstance(all, a.instanceName)
}

// pickInstance returns the instance of a name; the only one needs none.
func pickInstance(all []answers.Named, name string) (answers.Named, error) {
	var names []string
	for _, n := range all {
		if n.Name == name || name == "" && len(all) == 1 {
			return n, nil
		}
		names = append(names, n.Name)
	}
	if all[0].Name == "" {
		return answers.Named{}, usage("the answers are for one instance without a name, not for %s. Remove --instance", name)
	}
	return answers.Named{}, usage("which instance? Write --instance with one of: %s", strings.Join(names, ", "))
}

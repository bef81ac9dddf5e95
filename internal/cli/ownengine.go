package cli

import (
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/freeze"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// withoutDocker are the commands that ask no Docker about an instance.
var withoutDocker = []string{"answers", "completion", "docker", "help", "man", "render", "self-update", "size", "version", cobra.ShellCompRequestCmd, cobra.ShellCompNoDescRequestCmd, freeze.Command}

// toDocker brings this process to the Docker of the instance, before anything is read
// from stdin: an instance keeps to the one that it was installed on, and a rootless
// one runs containers in a namespace, in which this program starts again.
func toDocker(a *app, cmd *cobra.Command) error {
	top := cmd
	for top.HasParent() && top.Parent().HasParent() {
		top = top.Parent()
	}
	if top.HasParent() && slices.Contains(withoutDocker, top.Name()) {
		return nil
	}
	if dir, err := instance.Abs(a.dir); err == nil {
		if err := instance.TrustedOfUser(dir); err != nil && os.Getenv("DOCKER_HOST") == "" {
			return err
		}
		own := instance.Glance(instance.Dir(dir)).Engine
		if endpoint := own.Chosen(os.Getenv, world.AnswersAt); endpoint != "" {
			_ = os.Setenv("DOCKER_HOST", endpoint) // for the processes of this one, too
		}
	}
	if cmd.HasParent() || cmd.Flags().Changed("answers") { // the wizard has the screen
		cmd.SetContext(engine.WithSlow(cmd.Context(), func(endpoint string, most time.Duration) {
			fmt.Fprintf(a.stderr, "Docker at %s does not answer. Waiting up to %d s.\n", endpoint, int(most.Seconds()))
		}))
	}
	if os.Geteuid() == 0 || !engine.HasOwn(os.Getenv) {
		return nil // a rootless Docker's socket belongs to its user
	}
	e, err := engine.Connect(cmd.Context(), engine.Options{})
	if err != nil {
		return nil //nolint:nilerr // the command itself says so
	}
	defer e.Close()
	e.Enter(a.args)
	return nil
}

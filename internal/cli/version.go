package cli

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/marketcalls/openalgo-install/internal/rehearsal"
)

// Set by the release build.
var (
	version = "dev"
	commit  = ""
	date    = ""
)

func init() { register(newVersion, newServe) }

func newVersion(a *app) *cobra.Command {
	var check bool
	cmd := &cobra.Command{
		Use: "version", Short: "Print the version", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if check {
				return checkVersion(cmd.Context(), a)
			}
			return printVersion(a)
		},
	}
	cmd.Flags().BoolVar(&check, "check", false, "check for a newer release: exit code 10 if there is one, else 0")
	return cmd
}

// printVersion prints which release this is.
func printVersion(a *app) error {
	revision := commit
	if info, ok := debug.ReadBuildInfo(); ok && revision == "" {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				revision = s.Value
			}
		}
	}
	if a.json {
		return a.writeJSON(map[string]string{"version": version, "commit": revision, "date": date,
			"go": runtime.Version(), "platform": runtime.GOOS + "/" + runtime.GOARCH})
	}
	fmt.Fprintf(a.stdout, "openalgo-install %s (%s/%s, %s)\n", version, runtime.GOOS, runtime.GOARCH, runtime.Version())
	return nil
}

// newServe is what the image of the test app runs.
func newServe(a *app) *cobra.Command {
	return &cobra.Command{
		Use: rehearsal.Command, Hidden: true, Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return rehearsal.Serve(cmd.Context(), rehearsal.ServeOptions{Out: a.stdout})
		},
	}
}

package cli

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"

	"github.com/marketcalls/openalgo-install/internal/rehearsal"
)

// Set by the release build.
var (
	version = "dev"
	commit  = ""
	date    = ""
)

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version", Args: noArgs,
		RunE: func(*cobra.Command, []string) error {
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
		},
	}
}

func (a *app) manCommand() *cobra.Command {
	var dir, markdown string
	cmd := &cobra.Command{
		Use: "man", Short: "Write the man pages", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			root := cmd.Root()
			root.DisableAutoGenTag = true
			if markdown != "" {
				if err := os.MkdirAll(markdown, 0o755); err != nil {
					return fmt.Errorf("writing the reference: %w", err)
				}
				return doc.GenMarkdownTree(root, markdown)
			}
			header := &doc.GenManHeader{Section: "1", Source: "openalgo-install " + version, Manual: "openalgo-install", Date: buildDate()}
			if dir == "" {
				return doc.GenMan(root, header, a.stdout)
			}
			if err := os.MkdirAll(dir, 0o755); err != nil {
				return fmt.Errorf("writing the man pages: %w", err)
			}
			return doc.GenManTree(root, header, dir)
		},
	}
	cmd.Flags().StringVar(&dir, "to", "", "directory for the pages of all commands; the main page goes to stdout without it")
	cmd.Flags().StringVar(&markdown, "markdown", "", "write the reference as Markdown into this directory instead")
	return cmd
}

// buildDate keeps man pages the same for every build of one release.
func buildDate() *time.Time {
	t, err := time.Parse(time.RFC3339, date)
	if err != nil {
		t = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	return &t
}

// serveCommand is what the rehearsal image runs.
func (a *app) serveCommand() *cobra.Command {
	return &cobra.Command{
		Use: rehearsal.Command, Hidden: true, Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return rehearsal.Serve(cmd.Context(), rehearsal.ServeOptions{Out: a.stdout})
		},
	}
}

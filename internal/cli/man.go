package cli

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/marketcalls/openalgo-install/internal/host"
	"github.com/marketcalls/openalgo-install/internal/packed"
)

func init() { register(newMan) }

// pages is where the man pages are, which make docs writes from the commands: what writes
// them would make the program bigger than they do.
const pages = "internal/cli/man/"

// What make docs writes for a release's version and date.
const (
	pageVersion = "openalgo-install VERSION"
	pageDate    = "Jan 2000"
)

func newMan(a *app) *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use: "man", Short: "Write the man pages", Args: noArgs,
		RunE: func(*cobra.Command, []string) error {
			if dir == "" {
				_, err := a.stdout.Write(page(program + ".1"))
				return err
			}
			if err := writePages(dir); err != nil {
				return fmt.Errorf("writing the man pages: %w", err)
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&dir, "to", "", "directory for the pages of all commands; without it, print the main page")
	return cmd
}

func writePages(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, name := range packed.Below(pages) {
		if err := host.WriteFile(filepath.Join(dir, name), page(name), 0o644, ""); err != nil {
			return err
		}
	}
	return nil
}

// page is one page, with this release's version and date in its title line.
func page(name string) []byte {
	text := bytes.Replace(packed.Text(pages+name), []byte(pageVersion), []byte("openalgo-install "+version), 1)
	return bytes.Replace(text, []byte(pageDate), []byte(buildDate().Format("Jan 2006")), 1)
}

// buildDate keeps man pages the same for every build of one release.
func buildDate() time.Time {
	t, err := time.Parse(time.RFC3339, date)
	if err != nil {
		return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	return t
}

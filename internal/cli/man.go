package cli

import (
	"bytes"
	"embed"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/marketcalls/openalgo-install/internal/host"
)

func init() { register(newMan) }

// pages are the man pages, which make docs writes from the commands: what writes
// them would make the program bigger than they do.
//
//go:embed man/*.1
var pages embed.FS

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
				text, err := page(program + ".1")
				if err == nil {
					_, err = a.stdout.Write(text)
				}
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
	list, err := fs.ReadDir(pages, "man")
	if err != nil {
		return err
	}
	for _, entry := range list {
		text, err := page(entry.Name())
		if err == nil {
			err = host.WriteFile(filepath.Join(dir, entry.Name()), text, 0o644, "")
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// page is one page, with this release's version and date in its title line.
func page(name string) ([]byte, error) {
	text, err := pages.ReadFile("man/" + name)
	text = bytes.Replace(text, []byte(pageVersion), []byte("openalgo-install "+version), 1)
	return bytes.Replace(text, []byte(pageDate), []byte(buildDate().Format("Jan 2006")), 1), err
}

// buildDate keeps man pages the same for every build of one release.
func buildDate() time.Time {
	t, err := time.Parse(time.RFC3339, date)
	if err != nil {
		return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	return t
}

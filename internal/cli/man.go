package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/marketcalls/openalgo-install/internal/host"
)

func init() { register(newMan) }

func newMan(a *app) *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use: "man", Short: "Write the man pages", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if dir == "" {
				_, err := a.stdout.Write(manPage(cmd.Root()))
				return err
			}
			if err := os.MkdirAll(dir, 0o755); err != nil {
				return fmt.Errorf("writing the man pages: %w", err)
			}
			return writePages(cmd.Root(), dir)
		},
	}
	cmd.Flags().StringVar(&dir, "to", "", "directory for the pages of all commands; the main page goes to stdout without it")
	return cmd
}

func writePages(cmd *cobra.Command, dir string) error {
	if !cmd.IsAvailableCommand() && cmd.HasParent() {
		return nil
	}
	path := filepath.Join(dir, manName(cmd)+".1")
	if err := host.WriteFile(path, manPage(cmd), 0o644, ""); err != nil {
		return fmt.Errorf("writing the man pages: %w", err)
	}
	for _, sub := range cmd.Commands() {
		if err := writePages(sub, dir); err != nil {
			return err
		}
	}
	return nil
}

func manName(cmd *cobra.Command) string { return strings.ReplaceAll(cmd.CommandPath(), " ", "-") }

// manPage is one command's page. The library for it would make the program a
// quarter of a megabyte bigger.
func manPage(cmd *cobra.Command) []byte {
	cmd.InitDefaultHelpFlag()
	p := &page{}
	p.line(`.TH "%s" "1" "%s" "%s" "%s"`, strings.ToUpper(manName(cmd)), buildDate().Format("Jan 2006"), "openalgo-install "+version, "openalgo-install")
	p.section("NAME")
	p.line(`%s \- %s`, roff(manName(cmd)), roff(cmd.Short))
	p.section("SYNOPSIS")
	p.line(`\fB%s\fP`, roff(cmd.UseLine()))
	p.section("DESCRIPTION")
	text := cmd.Long
	if text == "" {
		text = cmd.Short + "."
	}
	for _, paragraph := range strings.Split(text, "\n\n") {
		p.line(".PP")
		p.text(paragraph)
	}
	p.flags("OPTIONS", cmd.NonInheritedFlags())
	p.flags("OPTIONS OF EVERY COMMAND", cmd.InheritedFlags())
	if cmd.Example != "" {
		p.section("EXAMPLES")
		p.line(".nf")
		p.text(cmd.Example)
		p.line(".fi")
	}
	p.seeAlso(cmd)
	return []byte(p.String())
}

// page is a man page as it is written.
type page struct{ strings.Builder }

func (p *page) line(format string, args ...any) { fmt.Fprintf(&p.Builder, format+"\n", args...) }

func (p *page) section(title string) { p.line(`.SH "%s"`, title) }

func (p *page) text(text string) {
	for line := range strings.Lines(text) {
		p.line("%s", roff(strings.TrimRight(line, "\n")))
	}
}

func (p *page) flags(title string, flags *pflag.FlagSet) {
	if !flags.HasAvailableFlags() {
		return
	}
	p.section(title)
	flags.VisitAll(func(f *pflag.Flag) {
		if f.Hidden {
			return
		}
		value, usage := pflag.UnquoteUsage(f)
		name := "--" + f.Name
		if f.Shorthand != "" {
			name = "-" + f.Shorthand + ", " + name
		}
		p.line(".TP")
		p.line(`\fB%s\fP %s`, roff(name), roff(value))
		if f.DefValue != "" && f.DefValue != "false" && f.DefValue != "0" && f.DefValue != "0s" && !strings.Contains(usage, "default") {
			usage += " (default " + f.DefValue + ")"
		}
		p.text(usage)
	})
}

func (p *page) seeAlso(cmd *cobra.Command) {
	var names []string
	if cmd.HasParent() {
		names = append(names, manName(cmd.Parent()))
	}
	for _, sub := range cmd.Commands() {
		if sub.IsAvailableCommand() {
			names = append(names, manName(sub))
		}
	}
	if len(names) == 0 {
		return
	}
	p.section("SEE ALSO")
	for i, name := range names {
		end := ","
		if i == len(names)-1 {
			end = ""
		}
		p.line(`\fB%s\fP(1)%s`, roff(name), end)
	}
}

// roff is text that no character of means anything to the formatter.
func roff(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`).Replace(text)
	if strings.HasPrefix(text, ".") || strings.HasPrefix(text, "'") {
		return `\&` + text
	}
	return text
}

// buildDate keeps man pages the same for every build of one release.
func buildDate() time.Time {
	t, err := time.Parse(time.RFC3339, date)
	if err != nil {
		return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	return t
}

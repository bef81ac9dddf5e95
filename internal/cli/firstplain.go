package cli

import (
	"slices"

	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/printable"
	"github.com/marketcalls/openalgo-install/internal/wizard"
)

// sayInstead names the commands for what the first page of the screens offers beside an
// install: to restore a backup, and to take over what another tool installed.
func (w *interview) sayInstead(menu []wizard.MenuEntry) {
	begun := false
	for _, entry := range menu {
		if len(entry.Args) == 0 {
			continue
		}
		if !begun {
			w.lines.Say("The questions below install OpenAlgo. To do one of these instead, press Ctrl+C and type:\n")
			begun = true
		}
		args := slices.DeleteFunc(slices.Clone(entry.Args), func(arg string) bool { return arg == "--ask" })
		if entry.Backup != nil {
			file := *entry.Backup
			if file == "" {
				file = "FILE"
			}
			args = append(args, file)
		}
		reader := w.prompt()
		if slices.Contains(args, "--dir") {
			reader.Dir = finding.DefaultDir
		}
		w.lines.Say("  %s\n    %s", printable.Line(reader.Command(args...)), printable.Line(entry.Label))
	}
}

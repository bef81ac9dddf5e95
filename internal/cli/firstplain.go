package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/printable"
	"github.com/marketcalls/openalgo-install/internal/wizard"
)

// sayInstead names what the first page of the screens offers beside an install: to restore
// a backup, and to take over what another tool installed. Each has a word that is typed at
// the first question, and a command.
func (w *interview) sayInstead(menu []wizard.MenuEntry) (words []string) {
	for _, entry := range menu {
		if len(entry.Args) == 0 {
			continue
		}
		if len(words) == 0 {
			w.lines.Say("The questions below install OpenAlgo. To do one of these instead, type its word at\nthe first question. Or press Ctrl+C and type the command:\n")
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
		word := args[0]
		for n := 2; slices.Contains(words, word); n++ {
			word = fmt.Sprint(args[0], n)
		}
		words = append(words, word)
		w.lines.Say("  %s: %s\n    %s", word, printable.Line(entry.Label), printable.Line(reader.Command(args...)))
	}
	return words
}

// doInstead does what a word stands for, and comes back to the questions.
func (w *interview) doInstead(ctx context.Context, menu []wizard.MenuEntry, n int) error {
	menu = slices.DeleteFunc(slices.Clone(menu), func(e wizard.MenuEntry) bool { return len(e.Args) == 0 })
	args := slices.Clone(menu[n].Args)
	if newest := menu[n].Backup; newest != nil {
		question := "Backup file: "
		if *newest != "" {
			question = fmt.Sprintf("Backup file [%s]: ", printable.Line(*newest))
		}
		file, err := w.lines.Ask(ctx, question, false)
		if err != nil {
			return err
		}
		if file = strings.TrimSpace(file); file == "" {
			file = *newest
		}
		if file == "" || strings.HasPrefix(file, "-") {
			return usage("the name of the backup file is missing").Ending(finding.Unchanged)
		}
		args = append(args, file)
		if strings.HasSuffix(file, ".age") {
			identity, err := w.lines.Ask(ctx, "Identity file that decrypts it; empty asks for the passphrase: ", false)
			if err != nil {
				return err
			}
			if identity = strings.TrimSpace(identity); identity != "" {
				args = append(args, "--identity="+identity)
			} else {
				args = append(args, "--passphrase-file=-")
			}
		}
	}
	if !slices.Contains(args, "--dir") {
		args = append(args, "--dir", w.at)
	}
	return w.comeBack(ctx, args)
}

package cli

import (
	"github.com/spf13/cobra"

	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/spelling"
)

// unknownCommand refuses a command that there is not, and names the one that was
// most likely meant.
func unknownCommand(parent *cobra.Command, word string) error {
	refused := usage("unknown command %q", word)
	var names []string
	for _, cmd := range parent.Commands() {
		if !cmd.Hidden {
			names = append(names, cmd.Name())
		}
	}
	// One slip in a short word, two in a long one.
	if near, ok := spelling.Nearest(word, names, func(known string) int { return max(1, len(known)/3) }); ok {
		words := []string{near}
		if parent.HasParent() {
			words = []string{parent.Name(), near}
		}
		return refused.With(finding.Hint{Do: "Did you mean this", Args: words, Dir: finding.DefaultDir})
	}
	words := []string{"--help"}
	if parent.HasParent() {
		words = []string{parent.Name(), "--help"}
	}
	return refused.With(finding.Hint{Do: "List the commands", Args: words, Dir: finding.DefaultDir})
}

package cli

import (
	"fmt"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/secret"
)

// Of a key: how many of its last characters are typed, and how often that may fail.
const (
	keyEnd   = 6
	keyTries = 3
)

// wipe clears the terminal and what scrolled out of it: who types the end of a key shall
// read it where it was kept.
const wipe = "\x1b[H\x1b[2J\x1b[3J"

// showsKey asks for the end of a key that was shown, which is gone from the screen.
func showsKey(a *app, identity secret.Text) error {
	text := identity.Reveal()
	end := text[len(text)-keyEnd:]
	fmt.Fprint(a.stderr, wipe)
	for range keyTries {
		line, err := typed(a, fmt.Sprintf("Look at the key where you kept it. Type its last %d characters: ", keyEnd))
		if err != nil {
			return err
		}
		if strings.EqualFold(line, end) {
			return nil
		}
		fmt.Fprintln(a.stderr, "These are not its last characters.")
	}
	return finding.Named(finding.Cancelled, "key-not-kept", "the key was not kept: its last characters are others").
		With(finding.Hint{Do: "Run the same command again. It makes another key and shows it"}).Ending(finding.Unchanged)
}

// Package answer reads what a store says.
package answer

import (
	"strings"

	"github.com/marketcalls/openalgo-install/internal/printable"
)

// Short is what a store says to people, fit to be shown and kept.
func Short(text string) string {
	return printable.Line(strings.ToValidUTF8(text[:min(len(text), 200)], ""))
}

// Tags are the contents of every element of a name. The few elements that are wanted
// have no attributes; a parser for XML would take 0.2 MiB of the program.
func Tags(text, name string) (out []string) {
	for {
		_, after, ok := strings.Cut(text, "<"+name+">")
		inside, rest, closed := strings.Cut(after, "</"+name+">")
		if !ok || !closed {
			return out
		}
		out, text = append(out, inside), rest
	}
}

var unescape = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&quot;", `"`, "&#34;", `"`, "&apos;", "'", "&#39;", "'", "&amp;", "&")

// Tag is the text of the first element of a name; "" where there is none.
func Tag(text, name string) string {
	if all := Tags(text, name); len(all) > 0 {
		return unescape.Replace(all[0])
	}
	return ""
}

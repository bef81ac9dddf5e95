package printable

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// Pasted names what a text most likely has from where it was copied: spaces that do
// not break, invisible characters, typographic quotes. "" is none.
func Pasted(text string) string {
	var names []string
	for _, r := range text {
		if name := pasted(r); name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}

func pasted(r rune) string {
	switch {
	case IsTypographicQuote(r):
		return fmt.Sprintf("a typographic quote (%c)", r)
	case r <= unicode.MaxASCII:
		return ""
	case unicode.Is(unicode.Zs, r):
		return fmt.Sprintf("a no-break or wide space (U+%04X)", r)
	case unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp):
		return fmt.Sprintf("an invisible character (U+%04X)", r)
	}
	return ""
}

// IsTypographicQuote reports whether a word processor makes it of a straight quote.
func IsTypographicQuote(r rune) bool {
	return strings.ContainsRune("‘’‚‛“”„‟«»‹›", r)
}

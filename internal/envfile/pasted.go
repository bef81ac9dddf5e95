package envfile

import (
	"strings"

	"github.com/marketcalls/openalgo-install/internal/printable"
)

// The keys that stored data was encrypted with.
const (
	pepperKey = "API_KEY_PEPPER"
	saltKey   = "FERNET_SALT"
)

// checkPasted warns of a value that is most likely not the one that was meant: it
// has characters of a web page or a word processor, or a # cuts it.
func checkPasted(c *checker) {
	for _, e := range c.entries {
		if e.kind != assignment || !e.assigned {
			continue
		}
		for _, text := range []string{c.odd(e), c.cut(e)} {
			if text != "" {
				c.problems = append(c.problems, Problem{Key: e.key, Line: e.line, Message: text})
			}
		}
	}
}

// odd leaves out the keys of stored data: whatever is in them, that data needs it.
// Quotes inside a sentence are no fault.
func (c *checker) odd(e entry) string {
	if e.key == pepperKey || e.key == saltKey {
		return ""
	}
	value := e.value
	if !IsSecret(e.key, value) && !isQuoted(value) {
		value = strings.Map(func(r rune) rune {
			if printable.IsTypographicQuote(r) {
				return -1
			}
			return r
		}, value)
	}
	after, _, _ := strings.Cut(c.data[e.valEnd:e.end], "#")
	switch inside, beside := printable.Pasted(value), printable.Pasted(c.data[e.keyEnd:e.valStart]+after); {
	case isQuoted(value):
		return "has " + inside + " around its value, which OpenAlgo reads as a part of it; write straight quotes in its place, as in KEY = 'value'"
	case inside != "":
		return "has " + inside + " in its value, probably copied from a web page; delete it, or type the value again"
	case beside != "":
		return "has " + beside + " beside its value, probably copied from a web page; delete it, or type the line again"
	}
	return ""
}

// isQuoted reports whether typographic quotes begin and end a value.
func isQuoted(value string) bool {
	runes := []rune(value)
	return len(runes) > 1 && printable.IsTypographicQuote(runes[0]) && printable.IsTypographicQuote(runes[len(runes)-1])
}

// cut tells of a secret without quotes that ends at a #.
func (c *checker) cut(e entry) string {
	quoted := e.valStart < e.valEnd && strings.ContainsRune(`'"`, rune(c.data[e.valStart]))
	if quoted || e.value == "" || !IsSecret(e.key, e.value) || !strings.Contains(c.data[e.valEnd:e.end], "#") {
		return ""
	}
	const cut = "ends before the #, which begins a comment after a space"
	if e.key == pepperKey || e.key == saltKey {
		return cut + "; your data was stored with what stands before it, so change nothing but move the comment to a line of its own"
	}
	return cut + "; if # is a part of the value, write it in single quotes, else move the comment to a line of its own"
}

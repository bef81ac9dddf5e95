package kube

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// mapping is a YAML mapping of texts, each of its lines behind indent.
func mapping(indent string, texts []Setting) string {
	var b strings.Builder
	for _, t := range texts {
		b.WriteString(indent + scalar(t.Name) + ":")
		if !isBlock(t.Value) {
			b.WriteString(" " + scalar(t.Value) + "\n")
			continue
		}
		b.WriteString(" |\n")
		for line := range strings.Lines(t.Value) {
			if line != "\n" {
				line = indent + "  " + line
			}
			b.WriteString(line)
		}
	}
	return b.String()
}

// sorted are the texts of a map, so that equal answers give equal bytes.
func sorted(texts map[string]string) (out []Setting) {
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		out = append(out, Setting{name, texts[name]})
	}
	return out
}

// scalar is a text as YAML reads it back: as it is where no reader of any version of
// YAML takes it for something else, otherwise in quotes. What Go escapes in quotes YAML
// reads alike, but for bytes that are no UTF-8.
func scalar(text string) string {
	if isPlain(text) {
		return text
	}
	return strconv.Quote(strings.ToValidUTF8(text, "\uFFFD"))
}

// isPlain reports whether a text is a word that needs no quotes. It begins with a letter
// or a slash: no number, date or sign does.
func isPlain(text string) bool {
	switch strings.ToLower(text) {
	case "", "y", "n", "yes", "no", "on", "off", "true", "false", "null":
		return false
	}
	for i := range len(text) {
		c := text[i]
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '/'
		if !letter && (i == 0 || !strings.ContainsRune("0123456789-_.", rune(c))) {
			return false
		}
	}
	return true
}

// isBlock reports whether a text is lines that read best, and safely, as they are.
func isBlock(text string) bool {
	if !strings.Contains(text, "\n") || !strings.HasSuffix(text, "\n") || strings.HasSuffix(text, "\n\n") || strings.HasPrefix(text, " ") || strings.HasPrefix(text, "\n") {
		return false
	}
	return !strings.ContainsFunc(text, func(c rune) bool { return c != '\n' && (c == unicode.ReplacementChar || !unicode.IsPrint(c)) })
}

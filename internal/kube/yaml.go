package kube

import (
	"strconv"
	"strings"
	"unicode"
)

// object is a YAML mapping in its order, so that equal answers give equal bytes.
type object []entry

// entry is a key with its value: a string, an int, a bool, an object or a list.
type entry struct {
	key   string
	value any
}

// list is a YAML list.
type list []any

// document is an object as a file.
func document(o object) []byte {
	var b strings.Builder
	writeObject(&b, "", o)
	return []byte(b.String())
}

func writeObject(b *strings.Builder, indent string, o object) {
	for i, e := range o {
		if i > 0 {
			b.WriteString(indent)
		}
		b.WriteString(scalar(e.key))
		b.WriteByte(':')
		writeValue(b, indent, e.value)
	}
}

// writeValue writes what stands behind a colon, and the end of the line.
func writeValue(b *strings.Builder, indent string, value any) {
	deeper := indent + "  "
	switch value := value.(type) {
	case object:
		if len(value) == 0 {
			b.WriteString(" {}\n")
			return
		}
		b.WriteString("\n" + deeper)
		writeObject(b, deeper, value)
	case list:
		if len(value) == 0 {
			b.WriteString(" []\n")
			return
		}
		b.WriteByte('\n')
		for _, item := range value {
			b.WriteString(indent + "-")
			if o, ok := item.(object); ok && len(o) > 0 {
				b.WriteByte(' ')
				writeObject(b, deeper, o)
				continue
			}
			writeValue(b, indent, item)
		}
	case string:
		if isBlock(value) {
			b.WriteString(" |\n")
			for _, line := range strings.SplitAfter(strings.TrimSuffix(value, "\n"), "\n") {
				if line != "\n" {
					line = deeper + line
				}
				b.WriteString(line)
			}
			b.WriteByte('\n')
			return
		}
		b.WriteString(" " + scalar(value) + "\n")
	case int:
		b.WriteString(" " + strconv.Itoa(value) + "\n")
	case bool:
		b.WriteString(" " + strconv.FormatBool(value) + "\n")
	}
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
		if !letter && (i == 0 || !('0' <= c && c <= '9') && c != '-' && c != '_' && c != '.') {
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

package envfile

import (
	"regexp"
	"strings"
	"unicode"
)

type kind int

const (
	comment    kind = iota
	assignment      // a key, with or without "= value"
	broken          // the app skips it with a warning
)

// entry is one statement of the file: whole lines, its line end included.
// Offsets point into File.data. Empty lines lie between entries.
type entry struct {
	kind       kind
	start, end int
	line       int // of start, from 1

	key              string
	keyEnd           int
	assigned         bool // false for a key without "="
	valStart, valEnd int  // the value as written, quotes included
	value            string
}

// scan splits data as dotenv/parser.py of python-dotenv 1.2.2 does. That
// parser sees CRLF and CR as LF (text mode), so all three end a line here.
func scan(data string) []entry {
	var entries []entry
	line, counted := 1, 0
	for pos := 0; ; {
		first := skip(data, pos, isSpace)
		if first == len(data) {
			return entries
		}
		// The empty lines before it are no part of the entry, its indent is.
		if i := strings.LastIndexAny(data[pos:first], "\r\n"); i >= 0 {
			pos += i + 1
		}
		line, counted = line+lineAt(data[counted:pos], pos-counted)-1, pos
		e := entry{start: pos, line: line}
		stop, ok := e.read(data, first)
		if !ok {
			e = entry{kind: broken, start: pos, line: line}
			stop = skip(data, stop, notLineEnd)
		}
		pos = skipLineEnd(data, stop)
		e.end = pos
		entries = append(entries, e)
	}
}

// read reads one statement that starts at pos and returns where it stops:
// before the line end, or where it could not go on.
func (e *entry) read(s string, pos int) (stop int, ok bool) {
	if rest, found := strings.CutPrefix(s[pos:], "export"); found {
		if after := skip(rest, 0, isBlank); after > 0 {
			pos += len("export") + after
		}
	}
	switch {
	case strings.HasPrefix(s[pos:], "#"):
		e.kind = comment
	case strings.HasPrefix(s[pos:], "'"):
		n := strings.IndexByte(s[pos+1:], '\'')
		if n <= 0 {
			return pos, false
		}
		e.kind, e.key, pos = assignment, newlines.Replace(s[pos+1:pos+1+n]), pos+n+2
	default:
		end := skip(s, pos, isKeyRune)
		if end == pos {
			return pos, false
		}
		e.kind, e.key, pos = assignment, s[pos:end], end
	}
	e.keyEnd = pos
	pos = skip(s, pos, isBlank)
	if strings.HasPrefix(s[pos:], "=") {
		e.assigned = true
		e.valStart = skip(s, pos+1, isBlank)
		if e.valEnd, e.value, ok = readValue(s, e.valStart); !ok {
			return e.valStart, false
		}
		pos = e.valEnd
	}
	if after := skip(s, pos, isBlank); strings.HasPrefix(s[after:], "#") {
		pos = skip(s, after, notLineEnd)
	}
	end := skip(s, pos, isBlank)
	if end < len(s) && notLineEnd(rune(s[end])) {
		return pos, false
	}
	return end, true
}

var (
	trailingComment = regexp.MustCompile(`[\s\v\x1c-\x1f\x85\p{Z}]+#`)
	singleEscape    = regexp.MustCompile(`\\[\\']`)
	doubleEscape    = regexp.MustCompile(`\\[\\'"abfnrtv]`)
	newlines        = strings.NewReplacer("\r\n", "\n", "\r", "\n")
)

// readValue returns where the value at pos ends and what it says, before
// ${...} is resolved.
func readValue(s string, pos int) (end int, value string, ok bool) {
	if pos == len(s) {
		return pos, "", true
	}
	quote := s[pos]
	if quote != '\'' && quote != '"' {
		text := s[pos:skip(s, pos, notLineEnd)]
		if strings.Contains(text, "#") {
			if at := trailingComment.FindStringIndex(text); at != nil {
				text = text[:at[0]]
			}
		}
		text = strings.TrimRightFunc(text, isSpace)
		return pos + len(text), text, true
	}
	end = closingQuote(s, pos)
	if end < 0 {
		return pos, "", false
	}
	value = s[pos+1 : end]
	if strings.Contains(value, "\r") {
		value = newlines.Replace(value)
	}
	if !strings.Contains(value, `\`) {
		return end + 1, value, true
	}
	escape := singleEscape
	if quote == '"' {
		escape = doubleEscape
	}
	return end + 1, escape.ReplaceAllStringFunc(value, unescape), true
}

// closingQuote returns the offset of the quote that ends the value begun at
// pos, or -1. A quote after a backslash does not end it, even when that
// backslash is itself escaped, unless no other quote follows at all: that is
// how python-dotenv's regular expression backtracks.
func closingQuote(s string, pos int) int {
	escaped := -1
	for i := pos + 1; i < len(s); i++ {
		switch {
		case s[i] == s[pos]:
			return i
		case s[i] == '\\' && i+1 < len(s) && s[i+1] == s[pos]:
			i++
			escaped = i
		}
	}
	return escaped
}

func unescape(sequence string) string {
	if i := strings.IndexByte("abfnrtv", sequence[1]); i >= 0 {
		return "\a\b\f\n\r\t\v"[i : i+1]
	}
	return sequence[1:]
}

// reference is python-dotenv's ${NAME} and ${NAME:-default}.
var reference = regexp.MustCompile(`\$\{([^}:]*)(?::-([^}]*))?\}`)

// mostResolved is how many bytes all values may come to. A few lines of
// A=${A}${A} would make a gigabyte.
const mostResolved = 4 << 20

// resolve gives every key its value. ok is false when they come to too much; a
// value that does stays as it is written. Only keys of this file count: what the
// environment holds is the same for the app (it lets the file win) except for
// names that the file does not have.
func resolve(entries []entry) (values map[string]string, names []string, ok bool) {
	values = map[string]string{}
	seen := map[string]bool{}
	room, ok := mostResolved, true
	for _, e := range entries {
		if e.kind != assignment {
			continue
		}
		value := e.value
		if strings.Contains(value, "${") {
			value = expand(value, values, seen, room)
		}
		if room -= len(value); room < 0 {
			value, room, ok = e.value, 0, false
		}
		if !seen[e.key] {
			names = append(names, e.key)
		}
		seen[e.key] = true
		delete(values, e.key)
		if e.assigned {
			values[e.key] = value
		}
	}
	valued := names[:0]
	for _, name := range names {
		if _, ok := values[name]; ok {
			valued = append(valued, name)
		}
	}
	return values, valued, ok
}

// expand puts values in the place of references, as far as there is room.
func expand(text string, values map[string]string, seen map[string]bool, room int) string {
	return reference.ReplaceAllStringFunc(text, func(ref string) string {
		parts := reference.FindStringSubmatch(ref)
		value := parts[2]
		if seen[parts[1]] {
			value = values[parts[1]] // "" for a key without a value
		}
		if room -= len(value); room < 0 {
			return ref
		}
		return value
	})
}

// isSpace is Python's \s: Unicode white space and the four separators
// U+001C to U+001F.
func isSpace(r rune) bool { return unicode.IsSpace(r) || r >= 0x1c && r <= 0x1f }

func isBlank(r rune) bool { return isSpace(r) && notLineEnd(r) }

func isKeyRune(r rune) bool { return r != '=' && r != '#' && !isSpace(r) }

func notLineEnd(r rune) bool { return r != '\n' && r != '\r' }

// skip returns the offset of the first rune at or after pos that is not in
// the class.
func skip(s string, pos int, class func(rune) bool) int {
	n := strings.IndexFunc(s[pos:], func(r rune) bool { return !class(r) })
	if n < 0 {
		return len(s)
	}
	return pos + n
}

func skipLineEnd(s string, pos int) int {
	switch {
	case strings.HasPrefix(s[pos:], "\r\n"):
		return pos + 2
	case pos < len(s) && !notLineEnd(rune(s[pos])):
		return pos + 1
	}
	return pos
}

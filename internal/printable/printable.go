// Package printable makes text from outside fit for a terminal: a log, a
// server's answer or a file may hold sequences that move the cursor, write
// into the clipboard, or make a line read otherwise than it is.
package printable

import (
	"bytes"
	"regexp"
	"strings"
	"unicode"
)

// sequences are what a terminal acts on: CSI, then the strings of OSC, DCS, SOS,
// PM and APC. None goes beyond its line.
var sequences = regexp.MustCompile(`(?:\x1b\[|\x{9b})[0-?]*[ -/]*[@-~]|` +
	`(?:\x1b[\]PX^_]|[\x{9d}\x{90}\x{98}\x{9e}\x{9f}])[^\x07\x1b\x{9c}\n]*(?:\x07|\x1b\\|\x{9c})`)

// Text returns text without sequences and characters that a terminal acts on,
// line ends and tabs excepted. A byte that is not UTF-8 becomes U+FFFD.
func Text(text string) string {
	if strings.IndexFunc(text, acts) < 0 {
		return strings.ToValidUTF8(text, "\ufffd")
	}
	return strings.Map(func(r rune) rune {
		if acts(r) {
			return -1
		}
		return r
	}, sequences.ReplaceAllString(text, ""))
}

// Line is Text for what must stay on one line.
func Line(text string) string { return strings.ReplaceAll(Text(text), "\n", " ") }

func acts(r rune) bool {
	switch {
	case r == '\n', r == '\t':
		return false
	case unicode.IsControl(r): // C0, DEL and C1
		return true
	case r == '\u061c', r == '\u200e', r == '\u200f', r >= '\u202a' && r <= '\u202e', r >= '\u2066' && r <= '\u2069':
		return true // they turn the order of what is read
	}
	return r == '\u2028' || r == '\u2029' || r == '\ufeff'
}

// LongestLine is how many bytes of a line Lines waits for: a stream without
// line ends must not fill the memory.
const LongestLine = 64 << 10

// Lines is a writer that hands each line of a stream to Take, without its end.
// A line longer than LongestLine is handed on in pieces.
type Lines struct {
	Take func(line string)
	part []byte // of a line that is not whole yet
}

// Write never fails.
func (w *Lines) Write(p []byte) (int, error) {
	written := len(p)
	for len(p) > 0 {
		line, rest, whole := bytes.Cut(p, []byte{'\n'})
		if room := LongestLine - len(w.part); len(line) > room {
			line, rest, whole = p[:room], p[room:], true
		}
		p = rest
		switch {
		case !whole:
			w.part = append(w.part, line...)
		case len(w.part) > 0:
			w.Take(strings.TrimRight(string(append(w.part, line...)), "\r"))
			w.part = w.part[:0]
		default:
			w.Take(strings.TrimRight(string(line), "\r"))
		}
	}
	return written, nil
}

// Flush hands on what came after the last line end.
func (w *Lines) Flush() {
	if len(w.part) > 0 {
		w.Take(string(w.part))
		w.part = w.part[:0]
	}
}

// Package logview shows a log that goes on: it follows, halts, is searched, and shows
// only what is at least as bad as one wants.
package logview

import (
	"regexp"
	"sync"
)

// Most is how many lines are kept.
const Most = 10_000

// mostBytes bounds a line.
const mostBytes = 4 << 10

// Level is how bad a line is.
type Level int

// The levels.
const (
	Plain Level = iota
	Warning
	Error
)

var levels = regexp.MustCompile(`\b(DEBUG|INFO|WARN|WARNING|ERROR|CRITICAL|FATAL)\b|^(Traceback )`)

// levelOf reads how bad a line says it is; known is false where it does not say.
func levelOf(text string) (level Level, known bool) {
	m := levels.FindStringSubmatch(text)
	switch {
	case m == nil:
		return Plain, false
	case m[2] != "", m[1] == "ERROR", m[1] == "CRITICAL", m[1] == "FATAL":
		return Error, true
	case m[1] == "WARN", m[1] == "WARNING":
		return Warning, true
	}
	return Plain, true
}

// Buffer takes the lines of a log from somewhere else, until a View takes them. It
// keeps nobody waiting: of too many lines the oldest are dropped.
type Buffer struct {
	mu    sync.Mutex
	lines []string
}

// Add takes a line.
func (b *Buffer) Add(line string) {
	if len(line) > mostBytes {
		line = line[:mostBytes]
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.lines) >= 2*Most {
		b.lines = append(b.lines[:0:0], b.lines[len(b.lines)-Most:]...)
	}
	b.lines = append(b.lines, line)
}

// Take returns the lines that nobody has taken.
func (b *Buffer) Take() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	out := b.lines
	b.lines = nil
	return out
}

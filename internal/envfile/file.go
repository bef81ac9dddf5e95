// Package envfile reads and edits OpenAlgo's .env.
//
// Three programs read that file: the app through python-dotenv, docker compose
// through compose-go, and start.sh and env_check.py through grep and regular
// expressions (docs/openalgo-facts.md 1.5 to 1.7). File reads as python-dotenv
// 1.2.2 does, because the app decides what a value is; what it writes, the
// others read too. Every byte that is not part of an edit stays as it was.
package envfile

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/printable"
)

// File is a .env in memory. Parse makes one; the zero value is an empty file.
type File struct {
	data    string
	entries []entry
	values  map[string]string // what Get returns
	names   []string          // the keys of values, by first appearance
}

// Parse reads a .env. A line that the app would skip is kept and reported by
// Check. It refuses only what makes the app fail on the file as a whole: another
// encoding (a byte order mark becomes part of the first key), a NUL, and text that
// is not UTF-8.
func Parse(data []byte) (*File, error) {
	if e := encodingOf(data); e != "" {
		return nil, e.refusal()
	}
	if i := bytes.IndexByte(data, 0); i >= 0 {
		return nil, fmt.Errorf("line %d of the .env file holds a NUL byte; delete it or restore the file from a backup", lineAt(string(data), i))
	}
	if i := printable.NotUTF8(data); i >= 0 {
		return nil, fmt.Errorf("line %d of the .env file is not UTF-8; save the file as UTF-8", lineAt(string(data), i))
	}
	f := &File{data: string(data), entries: scan(string(data))}
	if len(f.entries) > mostLines {
		return nil, fmt.Errorf("the .env file has more than %d lines. Restore the file from a backup", mostLines)
	}
	for _, e := range f.entries {
		if e.valEnd-e.valStart > longestValue {
			return nil, fmt.Errorf("line %d of the .env file has a value of more than %d bytes. Correct the line, or restore the file from a backup", e.line, longestValue)
		}
	}
	var ok bool
	if f.values, f.names, ok = resolve(f.entries); !ok {
		return nil, errors.New("the values of the .env file become too large when each ${NAME} is filled in. Restore the file from a backup")
	}
	return f, nil
}

// mostLines is far more than any .env of OpenAlgo's has: 600 with its comments.
const mostLines = 5000

// longestValue is what the kernel hands to a program as one variable.
const longestValue = 128 << 10

// load is Parse for text that is known to be sound.
func load(data string) *File {
	f := &File{data: data, entries: scan(data)}
	f.values, f.names, _ = resolve(f.entries)
	return f
}

// Get returns the value that the app sees. The last line that assigns the key
// wins; ${NAME} and ${NAME:-default} stand for an earlier key of the same
// file, else for the default, else for nothing. A key without "=" has no value.
func (f *File) Get(key string) (string, bool) {
	value, ok := f.values[key]
	return value, ok
}

// Keys returns the keys that have a value, in the order of the file.
//
//go:noinline
func (f *File) Keys() []string { return append([]string(nil), f.names...) }

// Bytes returns the file's content.
func (f *File) Bytes() []byte { return []byte(f.data) }

// Clone returns a copy; edits to it do not show in f.
func (f *File) Clone() *File {
	c := *f // edits replace the fields, they never change what these point to
	return &c
}

// line returns the line of the last assignment of key, 0 when there is none.
func (f *File) line(key string) int {
	line := 0
	for _, e := range f.entries {
		if e.kind == assignment && e.key == key {
			line = e.line
		}
	}
	return line
}

// eol is the line ending for a new line, by the rule of the app's own writer:
// CRLF as soon as there is one in the file (env_check.py, _ensure_fernet_salt).
func (f *File) eol() string {
	if strings.Contains(f.data, "\r\n") {
		return "\r\n"
	}
	return "\n"
}

// lineAt returns the number, from 1, of the line that holds offset.
func lineAt(s string, offset int) int {
	s = s[:offset]
	return 1 + strings.Count(s, "\n") + strings.Count(s, "\r") - strings.Count(s, "\r\n")
}

// Lines returns the numbers of the lines that assign key, from 1, and whether
// their values differ.
func (f *File) Lines(key string) (numbers []int, differ bool) {
	value := ""
	for _, e := range f.entries {
		if e.kind != assignment || e.key != key {
			continue
		}
		differ = differ || len(numbers) > 0 && e.value != value
		numbers, value = append(numbers, e.line), e.value
	}
	return numbers, differ
}

package envfile

import (
	"fmt"
	"regexp"
	"sort"
	"strings"
)

// edit replaces data[start:end].
type edit struct {
	start, end int
	text       string
}

// Set gives key a value. Only the value changes on a line that assigns the
// key; a line that already says the same stays as it is. A key that is only
// there commented out ("# SHM_SIZE = '512m'") is uncommented in place, else it
// goes to the end of the file. When a key is assigned more than once, every
// one of its lines gets the value: the app reads the last, start.sh and the
// app's version check the first.
//
// The error is a *ValueError and the file is unchanged when the value cannot
// be written.
func (f *File) Set(key, value string) error {
	encoded, err := Encode(key, value)
	if err != nil {
		return err
	}
	var edits []edit
	found := false
	for _, e := range f.entries {
		if e.kind == assignment && e.key == key {
			found = true
			if !f.plainly(e, value) {
				edits = append(edits, f.assign(e, encoded))
			}
		}
	}
	if !found {
		edits = append(edits, f.add(key, encoded))
	}
	return f.change(key, value, edits)
}

// SetAfter gives key a value on the line right below the first one that
// assigns anchor, in single quotes and without a comment, and removes its
// other lines. The app moves or replaces a FERNET_SALT that stands elsewhere
// or looks different (docs/openalgo-facts.md 1.6).
func (f *File) SetAfter(anchor, key, value string) error {
	encoded, err := Encode(key, value)
	if err != nil {
		return err
	}
	var at *entry
	var edits []edit
	inPlace := false
	for i, e := range f.entries {
		switch {
		case e.kind != assignment:
		case e.key == anchor && at == nil:
			at = &f.entries[i]
		case e.key == key:
			edits = append(edits, edit{e.start, e.end, ""})
			inPlace = at != nil && at.end == e.start && f.canonical(e, value)
		}
	}
	if at == nil {
		return &ValueError{key, "it belongs on the line after " + anchor + ", which the file does not have; set " + anchor + " first"}
	}
	if inPlace && len(edits) == 1 && strings.HasSuffix(f.data[:at.end], f.eol()) {
		return nil
	}
	text := strings.TrimRight(f.data[at.start:at.end], "\r\n")
	text += f.eol() + key + " = " + encoded + f.eol()
	return f.change(key, value, append(edits, edit{at.start, at.end, text}))
}

// Unset removes every line that assigns key. Commented-out ones stay.
func (f *File) Unset(key string) {
	var edits []edit
	for _, e := range f.entries {
		if e.kind == assignment && e.key == key {
			edits = append(edits, edit{e.start, e.end, ""})
		}
	}
	*f = *load(splice(f.data, edits))
}

// plainly reports whether the line already gives value, to every reader.
func (f *File) plainly(e entry, value string) bool {
	return e.assigned && e.value == value && !strings.ContainsAny(f.data[e.valStart:e.valEnd], "$\\\r\n")
}

// canonical reports whether the line is one that the app's FERNET_SALT
// expression takes as it is.
func (f *File) canonical(e entry, value string) bool {
	text := strings.TrimRight(f.data[e.start:e.end], "\r\n")
	plain := regexp.MustCompile(`^` + e.key + `[ \t]*=[ \t]*('?)` + regexp.QuoteMeta(value) + `('?)[ \t]*$`).FindStringSubmatch(text)
	return plain != nil && plain[1] == plain[2]
}

// assign puts encoded in place of the value of e and keeps what surrounds it.
func (f *File) assign(e entry, encoded string) edit {
	if !e.assigned {
		return edit{e.keyEnd, e.keyEnd, " = " + encoded}
	}
	return edit{e.valStart, e.valEnd, encoded}
}

// add uncomments the key's line or appends one.
func (f *File) add(key, encoded string) edit {
	// Nothing but an assignment will do: a sentence that mentions the key,
	// or an example with words after it, stays a comment.
	commented := regexp.MustCompile(`^[ \t]*(#[ \t]*)(?:export[ \t]+)?` + key + `[ \t]*=[ \t]*('[^']*'|"[^"]*"|[^\s'"#]*)[ \t]*(?:[ \t]#.*)?$`)
	for _, e := range f.entries {
		if e.kind != comment {
			continue
		}
		text := strings.TrimRight(f.data[e.start:e.end], "\r\n")
		if at := commented.FindStringSubmatchIndex(text); at != nil {
			line := text[:at[2]] + text[at[3]:at[4]] + encoded + text[at[5]:]
			return edit{e.start, e.start + len(text), line}
		}
	}
	line := key + " = " + encoded + f.eol()
	if f.data != "" && notLineEnd(rune(f.data[len(f.data)-1])) {
		line = f.eol() + line
	}
	return edit{len(f.data), len(f.data), line}
}

// change carries out the edits when key then has value and no other line
// reads differently. It does not when the file has an unclosed quote, which
// may pair with one of ours.
func (f *File) change(key, value string, edits []edit) error {
	if len(edits) == 0 {
		return nil
	}
	next := load(splice(f.data, edits))
	if got, ok := next.Get(key); !ok || got != value || !sameOthers(f, next, key) {
		reason := "it does not fit the lines around it; correct the .env file first"
		for _, e := range f.entries {
			if e.kind == broken {
				reason = fmt.Sprintf("line %d cannot be read (an unclosed quote?) and would take part of it; correct that line first", e.line)
				break
			}
		}
		return &ValueError{key, reason}
	}
	*f = *next
	return nil
}

// sameOthers reports whether all but the lines of key read alike in both.
func sameOthers(a, b *File, key string) bool {
	next := func(f *File, at int) (e *entry, after int) {
		for ; at < len(f.entries); at++ {
			if e := &f.entries[at]; e.kind == broken || e.kind == assignment && e.key != key {
				return e, at + 1
			}
		}
		return nil, at
	}
	for i, j := 0, 0; ; {
		var x, y *entry
		x, i = next(a, i)
		y, j = next(b, j)
		switch {
		case x == nil || y == nil:
			return x == y
		case x.kind != y.kind, x.kind == broken && a.data[x.start:x.end] != b.data[y.start:y.end]:
			return false
		case x.kind == assignment && (x.key != y.key || x.assigned != y.assigned || x.value != y.value):
			return false
		}
	}
}

// splice applies edits that do not overlap.
func splice(data string, edits []edit) string {
	sort.Slice(edits, func(i, j int) bool { return edits[i].start < edits[j].start })
	var b strings.Builder
	pos := 0
	for _, e := range edits {
		b.WriteString(data[pos:e.start])
		b.WriteString(e.text)
		pos = e.end
	}
	b.WriteString(data[pos:])
	return b.String()
}

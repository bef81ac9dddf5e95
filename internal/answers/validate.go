package answers

import (
	"slices"
	"strings"
)

// where is the place of a key, or of the nearest key above it.
func (r *reader) where(key string) position {
	for {
		if p, ok := r.at[key]; ok {
			return p
		}
		cut := strings.LastIndexByte(key, '.')
		if cut < 0 {
			return position{1, 1}
		}
		key = key[:cut]
	}
}

// wrong is a value that breaks a rule, unless the key has a problem already.
func (r *reader) wrong(key, format string, args ...any) {
	if slices.ContainsFunc(r.problems, func(p Problem) bool { return p.Key == key }) {
		return
	}
	for part := key; ; {
		if r.unread[part] {
			return
		}
		cut := strings.LastIndexByte(part, '.')
		if cut < 0 {
			break
		}
		part = part[:cut]
	}
	r.problem(key, r.where(key), format, args...)
}

// Check holds answers that were changed in a program against the rules of a file.
func (a *Answers) Check() []Problem {
	r := &reader{changed: true, at: map[string]position{"version": {}}, unread: map[string]bool{}, source: map[string]string{}}
	r.validate(a.fields())
	for i := range r.problems {
		r.problems[i].Line, r.problems[i].Column = 0, 0
	}
	return r.problems
}

// validate holds a section against the rules of its fields.
func (r *reader) validate(fields []field) {
	for _, f := range fields {
		if f.rule != nil {
			f.rule(r)
		}
		r.validate(f.fields)
	}
}

// onlyFor refuses an answer that would be passed over.
//
//go:noinline
func (r *reader) onlyFor(key, value string, fits bool, what string) {
	if value != "" && !fits {
		r.wrong(key, "used only with %s. Remove this, or change that setting", what)
	}
}

// Package secret holds values that must never reach a screen, a log or a
// file by accident: keys, broker credentials, passwords.
package secret

import (
	"fmt"
	"log/slog"
	"sort"
	"strings"
)

// Mask is what every printed secret looks like.
const Mask = "[secret]"

// Text is a secret string. fmt, encoding/json, YAML and slog all print Mask;
// only Reveal gives the value, so each place that needs it can be found.
type Text struct{ value string }

// New wraps a value.
//
//go:noinline
func New(value string) Text { return Text{value} }

// Reveal returns the value itself.
func (t Text) Reveal() string { return t.value }

// Empty reports whether there is no value.
func (t Text) Empty() bool { return t.value == "" }

// String returns Mask, or nothing for an empty secret.
func (t Text) String() string {
	if t.value == "" {
		return ""
	}
	return Mask
}

// Format keeps every verb, %#v and %x included, from showing the value.
func (t Text) Format(f fmt.State, _ rune) { fmt.Fprint(f, t.String()) }

// MarshalText serves encoding/json, YAML and flag packages.
func (t Text) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// LogValue serves log/slog.
func (t Text) LogValue() slog.Value { return slog.StringValue(t.String()) }

// shortest is the length below which Redact leaves a value alone: a shorter
// one would also hide ordinary words.
const shortest = 6

// Redactor replaces known secrets in text that others wrote (container logs,
// engine errors).
type Redactor struct {
	replacer *strings.Replacer
	more     *Redactor // nil: there are no others
}

// NewRedactor knows the given secrets; values under six bytes are not
// replaced, since they would also match ordinary text.
func NewRedactor(secrets ...Text) *Redactor {
	var values []string
	for _, s := range secrets {
		if len(s.value) >= shortest {
			values = append(values, s.value)
		}
	}
	// Longest first, so that a secret that contains another goes whole.
	sort.Slice(values, func(i, j int) bool { return len(values[i]) > len(values[j]) })
	pairs := make([]string, 0, 2*len(values))
	for _, v := range values {
		pairs = append(pairs, v, Mask)
	}
	return &Redactor{replacer: strings.NewReplacer(pairs...)}
}

// Redact returns text with every known secret replaced by Mask. A nil
// Redactor returns text as it is.
func (r *Redactor) Redact(text string) string {
	if r == nil {
		return text
	}
	return r.more.Redact(r.replacer.Replace(text))
}

// With returns one that knows the secrets of another, too.
func (r *Redactor) With(other *Redactor) *Redactor {
	if r == nil {
		return other
	}
	return &Redactor{r.replacer, r.more.With(other)}
}

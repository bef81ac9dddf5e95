package finding

import (
	"encoding/json"
	"errors"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/printable"
)

// Warn returns a warning: a run goes on in spite of it. Its name and its hints
// are as those of a failure.
//
//go:noinline
func Warn(id, format string, args ...any) *Error { return Named(Warning, id, format, args...) }

// Warnings are what a run goes on in spite of.
type Warnings []*Error

// Texts returns each warning as it is shown: what it says, and what to do.
func (w Warnings) Texts() []string {
	out := make([]string, 0, len(w))
	for _, one := range w {
		out = append(out, Prompt{}.Sentence(one))
	}
	return out
}

// Told are warnings as --json has them, beside what they are about: the texts, and
// all that is known of each.
type Told struct {
	Warnings []string `json:"warnings"`
	Findings Warnings `json:"findings,omitempty"`

	prompt Prompt // of the one who reads the texts
}

// Tell returns warnings that have been told.
func Tell(all ...*Error) Told {
	t := Told{Warnings: []string{}}
	t.Warn(all...)
	return t
}

// TellIn returns what tells warnings about the instance in dir: their commands name it.
func TellIn(dir string) Told { return Told{Warnings: []string{}, prompt: Prompt{Dir: dir}} }

// Warn tells further warnings, fit to be shown.
func (t *Told) Warn(all ...*Error) {
	for _, w := range all {
		w = Warn(w.ID, "%s", printable.Text(w.Error())).With(w.Hints...)
		t.Warnings, t.Findings = append(t.Warnings, t.prompt.Sentence(w)), append(t.Findings, w)
	}
}

// For tells the same warnings to another reader.
func (t *Told) For(reader Prompt) {
	t.prompt.Asked = reader.Asked
	for i, w := range t.Findings {
		t.Warnings[i] = t.prompt.Sentence(w)
	}
}

// Sentence is a finding in running text: what it says, and what to do about it.
func (p Prompt) Sentence(e *Error) string {
	text := e.Error()
	for _, h := range p.forReader(e.Hints) {
		text = strings.TrimSuffix(text, ".") + ". " + p.Line(h)
	}
	return text
}

// document is a finding as --json has it.
type document struct {
	ID    string `json:"id"`
	Kind  string `json:"kind"`
	Text  string `json:"text"`
	Hints []Hint `json:"hints,omitempty"`
}

// MarshalJSON writes what a program needs of a finding.
func (e *Error) MarshalJSON() ([]byte, error) {
	return json.Marshal(document{e.ID, e.Kind.String(), e.Error(), e.Hints})
}

// UnmarshalJSON reads a finding that another process wrote.
func (e *Error) UnmarshalJSON(text []byte) error {
	var d document
	if err := json.Unmarshal(text, &d); err != nil {
		return err
	}
	*e = Error{ID: d.ID, Err: errors.New(d.Text), Hints: d.Hints}
	for kind := Failed; kind <= Warning; kind++ {
		if kind.String() == d.Kind {
			e.Kind = kind
		}
	}
	return nil
}

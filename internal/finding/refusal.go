package finding

import (
	"errors"
	"strings"
)

// Refusal is why an instance is not changed, stopped or started.
type Refusal struct {
	Check string // what doctor calls it: keys, moved, owner or engine
	What  string // one line: what was seen
	Why   string
	Ways  []Way
	End   string // the state of this machine
}

// Way is one thing that a user can do about a refusal.
type Way struct {
	Do  string
	Run string // the command for it, "" for none
}

func (w Way) String() string {
	if w.Do == "" || w.Run == "" {
		return w.Do + w.Run
	}
	return w.Do + ": " + w.Run
}

func (r *Refusal) Error() string {
	text := r.What + "\n\n" + r.Why
	if len(r.Ways) > 0 {
		text += "\n\nYou can do one of these:\n"
	}
	for _, way := range r.Ways {
		text += "\n  - " + way.Do
		if way.Run != "" {
			text += ":\n\n        " + way.Run + "\n"
		}
	}
	return strings.TrimRight(text, "\n") + "\n\n" + r.End
}

// RefusalOf returns the refusal in an error, or nil.
func RefusalOf(err error) *Refusal {
	var r *Refusal
	if errors.As(err, &r) {
		return r
	}
	return nil
}

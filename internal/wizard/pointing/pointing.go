// Package pointing says where a domain points, while other questions are asked. It never
// holds up a key, and it is no refusal: the record may be made tomorrow.
package pointing

import (
	"context"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"github.com/marketcalls/openalgo-install/internal/theme"
)

const (
	// pause is how long the typing must rest before a domain is looked up.
	pause = 400 * time.Millisecond
	// most is how long that may take.
	most = 5 * time.Second
)

// After is tea.Tick; tests let no time pass.
var After = tea.Tick

// Advice is what is known of the domain that was typed last.
type Advice struct {
	// Look says where a domain points; nil: nothing is said.
	Look func(ctx context.Context, domain string) (good bool, words string)

	domain  string // that words are for, or are awaited for
	words   string
	good    bool
	looking bool
}

type askMsg struct{ domain string }

// Found is where a domain points.
type Found struct {
	Domain, Words string
	Good          bool
}

// About looks a domain up once the typing rests. valid says that it can be one.
func (a *Advice) About(domain string, valid bool) tea.Cmd {
	if domain == a.domain || a.Look == nil {
		return nil
	}
	a.domain, a.words, a.good, a.looking = domain, "", false, false
	if domain == "" || !valid {
		return nil
	}
	return After(pause, func(time.Time) tea.Msg { return askMsg{domain} })
}

// Update takes what concerns it, whichever page is shown.
func (a *Advice) Update(ctx context.Context, msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case askMsg:
		if msg.domain != a.domain {
			return nil // it was typed on
		}
		a.looking = true
		return func() tea.Msg {
			ctx, cancel := context.WithTimeout(ctx, most)
			defer cancel()
			good, words := a.Look(ctx, msg.domain)
			return Found{msg.domain, words, good}
		}
	case Found:
		if msg.Domain == a.domain {
			a.looking, a.good, a.words = false, msg.Good, msg.Words
		}
	}
	return nil
}

// Lines are the advice as it stands below the domain.
func (a *Advice) Lines(look *theme.Theme, width int) []string {
	text, style := a.words, look.Warn
	if a.good {
		style = look.Good
	}
	if a.looking {
		text, style = "Looking "+a.domain+" up...", look.Accent
	}
	if text == "" {
		return nil
	}
	out := []string{""}
	for _, line := range theme.Wrap(text, width-2) {
		out = append(out, "  "+style.Render(line))
	}
	return out
}

// Later are the lines for the page after it: what is wrong must not be missed because
// somebody was fast.
func (a *Advice) Later(look *theme.Theme, width int) []string {
	lines := a.Lines(look, width)
	if a.good || len(lines) == 0 {
		return nil
	}
	return append(lines[1:], "")
}

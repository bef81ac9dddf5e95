package wizard

import (
	"errors"

	tea "github.com/charmbracelet/bubbletea"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/present"
	"github.com/marketcalls/openalgo-install/internal/printable"
	"github.com/marketcalls/openalgo-install/internal/share"
)

// resultPage says where OpenAlgo is, and what comes next.
type resultPage struct {
	m      *model
	notes  []string
	scroll scroll
}

func (p *resultPage) title() string { return "OpenAlgo is ready" }

func (p *resultPage) update(msg tea.Msg) tea.Cmd {
	if key, ok := msg.(tea.KeyMsg); ok {
		switch key.String() {
		case "enter", "q", "esc":
			return end(nil)
		case "y":
			return openShare(p, false)
		case "Q":
			if p.hasCode() {
				return openShare(p, true)
			}
		}
		p.scroll.key(key)
	}
	return nil
}

func (p *resultPage) body(width, height int) ([]string, int, int) {
	look := p.m.look
	head := look.Good.Render("OpenAlgo is ready at")
	if answers.ProxyStep(p.m.outcome.Answers) != "" {
		head = look.Warn.Render("OpenAlgo runs. After you complete step 1, it is ready at")
	}
	out := []string{head, "  " + look.Title.Render(p.m.outcome.Result.URL), ""}
	next := p.m.host.Next
	next.HasKey, next.Result, next.CopyKey = p.m.outcome.HasKey, p.m.outcome.Result, "y"
	for _, line := range next.Lines(p.m.outcome.Answers) {
		out = append(out, hanging(line, width)...)
	}
	for _, note := range p.notes {
		out = append(out, "")
		out = append(out, wrapped("Note: "+note, width)...)
	}
	return p.scroll.view(out, height)
}

// hasCode reports whether a phone that reads the address gets to OpenAlgo.
func (p *resultPage) hasCode() bool { return !share.OnlyHere(p.m.outcome.Result.URL) }

func (p *resultPage) keys() string {
	if p.hasCode() {
		return "Enter Quit   y Copy   Q QR" + p.scroll.hint()
	}
	return "Enter Quit   y Copy" + p.scroll.hint()
}

// failurePage says why it did not work, what was undone, and what can be done.
type failurePage struct {
	m       *model
	err     error
	log     []string
	showLog bool
	scroll  scroll
}

func (p *failurePage) title() string { return "Installation failed" }

func (p *failurePage) update(msg tea.Msg) tea.Cmd {
	key, ok := msg.(tea.KeyMsg)
	if !ok {
		return nil
	}
	switch key.String() {
	case "r":
		p.m.err = nil
		return review(p.m)
	case "esc":
		p.m.err = nil
		return p.m.show(1)
	case "l":
		if len(p.log) > 0 {
			p.showLog, p.scroll.top = !p.showLog, 0
		}
	case "q":
		return end(p.err)
	default:
		p.scroll.key(key)
	}
	return nil
}

func (p *failurePage) body(width, height int) ([]string, int, int) {
	var out []string
	add := func(text string) { out = append(out, wrapped(text, width)...) }
	log := logOf(p.err)
	if p.showLog {
		log = p.log
	} else {
		reason, state := present.Failure(p.m.host.Reader, p.err)
		for _, line := range wrapped(reason, width) {
			out = append(out, p.m.look.Bad.Render(line))
		}
		add("")
		if state != "" {
			add(state)
		}
		add("Press r to retry with the same answers, or Esc to change them.")
	}
	if len(log) > 0 {
		add("")
		add(p.m.look.Title.Render(p.logTitle()))
	}
	for _, line := range log {
		add("  " + line)
	}
	return p.scroll.view(out, height)
}

// logTitle says whose lines are shown.
func (p *failurePage) logTitle() string {
	if e := (*finding.Error)(nil); errors.As(p.err, &e) && !p.showLog {
		title := e.LogTitle()
		return printable.Capital(title)
	}
	return "The container's last lines"
}

func (p *failurePage) keys() string {
	if len(p.log) == 0 {
		return "r Retry   Esc Back   q Quit" + p.scroll.hint()
	}
	return "r Retry   Esc Back   l Show log   q Quit" + p.scroll.hint()
}

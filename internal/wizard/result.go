package wizard

import (
	"errors"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/printable"
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
		case "y", "Q":
			return openShare(p, key.String() == "Q")
		}
		p.scroll.key(key)
	}
	return nil
}

func (p *resultPage) body(width, height int) ([]string, int, int) {
	look := p.m.look
	head := look.Good.Render("OpenAlgo is ready at")
	if answers.ProxyStep(p.m.outcome.Answers) != "" {
		head = look.Warn.Render("OpenAlgo runs. After step 1, which is yours, it is ready at")
	}
	out := []string{head, "  " + look.Title.Render(p.m.outcome.Result.URL), ""}
	next := p.m.host.Next
	next.HasKey, next.Result = p.m.outcome.HasKey, p.m.outcome.Result
	for _, line := range next.Lines(p.m.outcome.Answers) {
		out = append(out, hanging(line, width)...)
	}
	for _, note := range p.notes {
		out = append(out, "")
		out = append(out, wrapped("Note: "+note, width)...)
	}
	return p.scroll.view(out, height)
}

func (p *resultPage) keys() string { return "Enter Quit   y Copy   Q QR" + p.scroll.hint() }

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
		p.showLog, p.scroll.top = !p.showLog, 0
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
		for _, line := range wrapped(p.reason(), width) {
			out = append(out, p.m.look.Bad.Render(line))
		}
		add("")
		add(undone(p.err))
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
		return strings.ToUpper(title[:1]) + title[1:]
	}
	return "The container's last lines"
}

func (p *failurePage) keys() string {
	return "r Retry   Esc Back   l Show log   q Quit" + p.scroll.hint()
}

// reason is an error without the log that it brings along, and without a state of
// the machine that the page tells anyway.
func (p *failurePage) reason() string {
	text := p.m.host.Reader.Advice(p.err)
	if end := finding.EndOf(p.err); end != "" && end != finding.Unchanged {
		text += "\n\n" + end
	}
	return printable.Text(text)
}

// undone says in what state a failure left the machine.
func undone(err error) string {
	switch finding.KindOf(err) {
	case finding.RolledBack:
		return "All changes were undone."
	case finding.Broken:
		return "Not everything could be rolled back. See above whether OpenAlgo runs, and which command completes the rollback."
	}
	return "Nothing was changed."
}

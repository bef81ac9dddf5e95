package wizard

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/plan"
	"github.com/marketcalls/openalgo-install/internal/preflight"
	"github.com/marketcalls/openalgo-install/internal/present"
	"github.com/marketcalls/openalgo-install/internal/printable"
	"github.com/marketcalls/openalgo-install/internal/questions"
	"github.com/marketcalls/openalgo-install/internal/theme"
)

// reviewPage shows what is going to be made, before anything is.
type reviewPage struct {
	m       *model
	answers answers.Answers
	plan    *plan.Plan // nil: it is being worked out, or err says why there is none
	err     error
	save    *questions.Draft // what was typed on the page that saves the answers
	diffs   bool
	jump    bool // to the diffs, as soon as it is known where they are
	scroll  scroll
}

// planMsg is the plan for the answers of one review.
type planMsg struct {
	page *reviewPage
	plan *plan.Plan
	err  error
}

// review shows the plan, or the question whose answer is not right.
func review(m *model) tea.Cmd {
	a, problems := m.draft.Answers()
	if len(problems) > 0 {
		at := m.draft.ScreenOf(problems[0].Key)
		cmd := m.show(at + 1)
		m.note = fmt.Sprintf("Not valid: %s", problems[0].Message)
		return cmd
	}
	m.at = last()
	page := &reviewPage{m: m, answers: a}
	m.page = page
	return page.work()
}

func (p *reviewPage) work() tea.Cmd {
	p.plan, p.err = nil, nil
	done := make(chan tea.Msg, 1)
	p.m.background(func() {
		msg := planMsg{page: p}
		defer func() {
			if mistake := recover(); mistake != nil {
				msg.err = fmt.Errorf("internal error: %v", mistake)
			}
			done <- msg
		}()
		msg.plan, msg.err = p.m.host.Plan(p.m.ctx, p.answers)
	})
	return func() tea.Msg { return <-done }
}

// pullInstead answers the question for the image again: what cannot be built here
// is available ready-made.
func (p *reviewPage) pullInstead() tea.Cmd {
	p.m.draft.Given["image"] = answers.DefaultImage
	return review(p.m)
}

func (p *reviewPage) title() string { return "Review" }

func (p *reviewPage) update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case planMsg:
		if msg.page == p {
			p.plan, p.err = msg.plan, msg.err
		}
	case tea.KeyMsg:
		return p.key(msg)
	}
	return nil
}

func (p *reviewPage) key(msg tea.KeyMsg) tea.Cmd {
	switch key := msg.String(); {
	case key == "esc":
		return p.m.back()
	case key == "s":
		return saveAnswers(p)
	case key == "d" && p.plan != nil:
		p.diffs = !p.diffs
		p.jump = p.diffs
	case key == "r" && p.err != nil:
		return p.work()
	case key == "p" && errors.Is(p.err, preflight.ErrBuildTooBig):
		return p.pullInstead()
	case key == "enter" && p.plan != nil && p.m.host.DryRun:
		return end(nil)
	case key == "enter" && p.plan != nil:
		return beginApply(p.m, p.answers)
	default:
		p.scroll.key(msg)
	}
	return nil
}

func (p *reviewPage) body(width, height int) ([]string, int, int) {
	var out []string
	switch {
	case p.err != nil:
		out = p.trouble(width)
	case p.plan == nil:
		return []string{"Working out the plan..."}, 0, 1
	default:
		out = p.planLines(width, height)
	}
	return p.scroll.view(out, height)
}

func (p *reviewPage) trouble(width int) []string {
	out := []string{p.m.look.Bad.Render("Cannot install yet"), ""}
	out = append(out, wrapped(printable.Text(p.m.host.Reader.Advice(p.err)), width)...)
	if errors.Is(p.err, preflight.ErrBuildTooBig) {
		out = append(append(out, ""), wrapped("Press p to pull the published image instead of building one.", width)...)
	}
	return append(append(out, ""), wrapped("Nothing was changed. Press Esc to change your answers, or r to check again.", width)...)
}

func (p *reviewPage) planLines(width, height int) []string {
	var out []string
	section := func(title string, texts ...string) {
		var lines []string
		for _, text := range texts {
			if strings.HasPrefix(text, " ") {
				lines = append(lines, hanging(text, theme.Inner(width, height))...)
				continue
			}
			for i, line := range wrapped(text, theme.Inner(width, height)-2) {
				lines = append(lines, strings.Repeat(" ", min(2*i, 2))+line)
			}
		}
		out = append(append(out, theme.Section(p.m.look, title, lines, width, height)...), "")
	}
	out = append(out, wrapped("Review the plan. Nothing has changed so far.", width)...)
	out = append(out, "")
	warnings := p.plan.Warnings
	if now := p.m.draft.RedirectURL(); p.m.told != "" && p.m.told != now {
		warnings = append([]string{"The redirect URL has changed since you last saw it. At " + p.m.draft.Broker().Name + " enter this one: " + now}, warnings...)
	}
	for _, text := range warnings {
		out = append(append(out, p.m.look.Message(theme.Caution, text, width)...), "")
	}
	for _, ask := range p.plan.Asks { // going on from this page is the yes
		out = append(append(out, p.m.look.Message(theme.Caution, "Enter confirms: "+ask.Text, width)...), "")
	}
	var changes []string
	for _, c := range p.plan.Changes {
		changes = append(changes, fmt.Sprintf("%-8s %-9s %s: %s", c.Action, c.Kind, c.Name, c.Reason))
	}
	if p.plan.Empty() {
		changes = []string{"nothing: OpenAlgo matches your answers"}
	}
	section("What changes", changes...)
	if d := p.plan.Downtime; d != nil {
		section("Downtime", printable.Capital(d.Text))
	}
	section("Sizing for "+p.plan.Sizing.Of(), p.plan.Sizing.Why()...)
	section("At "+p.m.draft.Broker().Name, "The redirect URL must be exactly "+p.m.draft.RedirectURL())
	if p.jump {
		p.scroll.top, p.jump = len(out), false
	}
	if p.diffs {
		var text bytes.Buffer
		present.Plan(&text, p.plan)
		section("Every line of every file, without secrets", strings.Split(strings.TrimRight(text.String(), "\n"), "\n")...)
	}
	return out
}

func (p *reviewPage) keys() string {
	switch {
	case errors.Is(p.err, preflight.ErrBuildTooBig):
		return "p Pull instead   Esc Back   r Refresh   s Save   Ctrl+C Quit"
	case p.err != nil:
		return "Esc Back   r Refresh   s Save   Ctrl+C Quit"
	case p.plan == nil:
		return "Esc Back   Ctrl+C Quit"
	case p.m.host.DryRun:
		return "Enter End dry run   Esc Back   s Save   d Details   Ctrl+C Quit" + p.scroll.hint()
	}
	return map[bool]string{true: "Enter Apply", false: "Enter Install"}[p.m.host.Again] + "   Esc Back   s Save   d Details   Ctrl+C Quit" + p.scroll.hint()
}

// saveScreen asks where the answers shall be kept.
var saveScreen = questions.Screen{
	Title: "Save the answers", Shown: questions.Always,
	Intro: questions.Fixed("This file repeats the install on another machine, without questions. Only you can read it (mode 0600)."),
	Questions: []questions.Question{
		{Key: "path", Shown: questions.Always, Preset: questions.DefaultFile, Label: questions.Fixed("File"), Help: questions.Fixed("")},
		{Key: "secrets", Shown: questions.Always, Preset: "out", Label: questions.Fixed("Secrets"), Help: questions.Fixed(""),
			Choices: func() []questions.Choice {
				return []questions.Choice{{Value: "out", Label: "Leave them out, and use environment variables"}, {Value: "in", Label: "Write them into the file"}}
			}},
	},
}

// saveAnswers asks where to, and goes back to the review.
func saveAnswers(from *reviewPage) tea.Cmd {
	m := from.m
	back := func() tea.Cmd { m.page = from; return nil }
	p := &formPage{m: m, screen: &saveScreen, draft: cmp.Or(from.save, questions.New()), check: func(questions.Question) string { return "" }, leave: back}
	from.save = p.draft
	p.done = func() tea.Cmd {
		said, err := m.draft.Save(p.draft.Get("path"), p.draft.Get("secrets") == "in")
		if err != nil {
			p.focus(0)
			p.shown()[0].problem = err.Error()
			return nil
		}
		m.note = strings.ReplaceAll(said, "\n", " ")
		return back()
	}
	p.build()
	m.page = p
	return nil
}

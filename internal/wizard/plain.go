package wizard

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/draft"
	"github.com/marketcalls/openalgo-install/internal/market"
	"github.com/marketcalls/openalgo-install/internal/questions"
	"github.com/marketcalls/openalgo-install/internal/terminal"
)

// Plain asks the questions in plain lines, and keeps what was answered.
type Plain struct {
	// Drafts keeps what was answered, should the line drop; nil: nothing is kept.
	Drafts *draft.Store
	Here   questions.Here
	// Instead are words that mean something else than a domain.
	Instead []string

	offered bool // the answers of an earlier interview
	lines   *terminal.Lines
	draft   *questions.Draft
	dns     func(ctx context.Context, domain string) (good bool, words string)
}

// Chosen is the number of one of Plain.Instead, which ends the questions.
type Chosen int

func (Chosen) Error() string { return "something else was chosen" }

// NewPlain returns a Plain. dns judges a domain and may be nil.
func NewPlain(lines *terminal.Lines, dns func(context.Context, string) (bool, string)) *Plain {
	return &Plain{lines: lines, draft: questions.New(), dns: dns}
}

// Change begins with the answers of an instance that is there. Its secrets stay where
// no other is given.
func (p *Plain) Change(saved []byte) { p.draft = questions.Of(saved) }

// Keeps reports whether the instance keeps the secrets that it has.
func (p *Plain) Keeps() bool { return p.draft.Keeps() }

// Beside is the part of the answers that is set up beside the instance.
func (p *Plain) Beside(a answers.Answers) answers.Answers { return p.draft.Beside(a) }

const (
	back = "<" // takes the user to the question before

	dnsTime = 5 * time.Second // for a domain to be looked up
)

// item is one thing that takes a line: a question, or a screen that has none.
type item struct {
	screen *questions.Screen
	q      *questions.Question
}

func (i item) shown(d *questions.Draft) bool {
	return i.screen.Shown(d) && (i.q == nil || i.q.Shown(d))
}

func items() []item {
	var out []item
	for n := range questions.Screens {
		s := &questions.Screens[n]
		for k := range s.Questions {
			out = append(out, item{s, &s.Questions[k]})
		}
		if len(s.Questions) == 0 {
			out = append(out, item{s, nil})
		}
	}
	return out
}

// Ask asks everything and returns the answers. It ends with terminal.ErrEnded when the
// input ends.
func (p *Plain) Ask(ctx context.Context) (answers.Answers, error) {
	p.lines.Say("Answer each question on one line. An empty line uses the value in [brackets].\nType %s to go back one question. Nothing changes before you have seen the plan.", back)
	if p.Here != (questions.Here{}) {
		p.draft.Here = p.Here
	}
	if err := p.resume(ctx); err != nil {
		return answers.Answers{}, err
	}
	all := items()
	var last *questions.Screen
	for i := 0; ; {
		if i == len(all) {
			a, problems := p.draft.Answers()
			if len(problems) == 0 {
				p.lines.Say("\nAt %s the redirect URL must be exactly this:\n  %s", p.draft.Broker().Name, p.draft.RedirectURL())
				return a, nil
			}
			// Two answers that do not go together.
			p.lines.Say("\nNot valid: %s: %s", problems[0].Key, problems[0].Message)
			i, last = p.itemOf(all, problems[0].Key), nil
		}
		now := all[i]
		if !now.shown(p.draft) {
			i++
			continue
		}
		if now.screen != last {
			p.heading(now.screen)
			last = now.screen
		}
		goBack, err := p.one(ctx, now)
		switch {
		case err != nil:
			return answers.Answers{}, err
		case goBack:
			i = p.before(all, i)
		default:
			i++
		}
	}
}

// resume offers the answers of an interview that was cut off.
func (p *Plain) resume(ctx context.Context) error {
	if p.Drafts == nil || p.offered {
		return nil
	}
	p.offered = true
	kept := p.Drafts.Load()
	if kept == nil {
		return nil
	}
	text, err := p.lines.Ask(ctx, fmt.Sprintf("\nContinue with the answers of %s? No deletes them. [yes]: ", market.Text(kept.At)), false)
	if err != nil {
		return err
	}
	if text = strings.TrimSpace(text); text != "" && !answers.IsYes(text) {
		return p.Drafts.Drop()
	}
	p.draft.Resume(kept.Given)
	return nil
}

func (p *Plain) heading(s *questions.Screen) {
	p.lines.Say("\n%s", s.Title)
	if intro := s.Intro(p.draft); intro != "" {
		p.lines.Say("%s", wrap(intro, plainWidth))
	}
}

// itemOf is the first shown item of the screen that a key belongs to.
func (p *Plain) itemOf(all []item, key string) int {
	s := &questions.Screens[p.draft.ScreenOf(key)]
	for i, it := range all {
		if it.screen == s && it.shown(p.draft) {
			return i
		}
	}
	return 0
}

// before is the nearest item that is asked before item i.
func (p *Plain) before(all []item, i int) int {
	for i--; i > 0 && !all[i].shown(p.draft); i-- {
	}
	return max(i, 0)
}

// one asks one question until its answer is right. goBack is true when the
// user wants the question before.
func (p *Plain) one(ctx context.Context, it item) (goBack bool, err error) {
	if it.q == nil {
		text, err := p.lines.Ask(ctx, "Press Enter to continue: ", false)
		return strings.TrimSpace(text) == back, err
	}
	q := *it.q
	p.lines.Say("")
	if help := q.Help(p.draft); help != "" && q.Key != questions.KeyBroker {
		p.lines.Say("%s", wrap(help, plainWidth))
	}
	switch q.Key {
	case questions.KeyBroker:
		p.lines.Say("One of:\n%s", wrap(choiceWords(q), plainWidth))
	default:
		if q.Choices == nil || q.Choices()[0].Label == "No" || q.Choices()[0].Label == "Yes" {
			break
		}
		for _, c := range q.Choices() {
			p.lines.Say("  %-8s %s", c.Value, c.Label)
		}
	}
	for {
		given, answered := p.draft.Given[q.Key]
		text, err := p.lines.Ask(ctx, prompt(q, p.draft), q.Secret)
		if err != nil {
			return false, err
		}
		if text == back {
			return true, nil
		}
		if n := slices.Index(p.Instead, strings.TrimSpace(text)); n >= 0 && q.Key == questions.KeyDomain {
			return false, Chosen(n)
		}
		if strings.TrimSpace(text) == "" {
			text = p.draft.Offer(q)
		}
		if p.draft.Take(q, text) {
			p.lines.Say("(spaces around it were removed)")
		}
		problem := p.draft.Problem(q)
		if problem == "" {
			if p.Drafts != nil {
				p.Drafts.Keep(p.draft.Given)
			}
			p.judge(ctx, q)
			return false, nil
		}
		if answered {
			p.draft.Given[q.Key] = given
		} else {
			delete(p.draft.Given, q.Key)
		}
		p.lines.Say("Not valid: %s", problem)
	}
}

// judge says where the domain leads. That is advice: it may be right tomorrow.
func (p *Plain) judge(ctx context.Context, q questions.Question) {
	domain := p.draft.Get(questions.KeyDomain)
	if q.Key != questions.KeyDomain || domain == "" || p.dns == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, dnsTime)
	defer cancel()
	_, words := p.dns(ctx, domain)
	p.lines.Say("%s", wrap(words, plainWidth))
}

// choiceWords lists the values, and then those of each kind.
func choiceWords(q questions.Question) string {
	var values, kinds []string
	of := map[string][]string{}
	for _, c := range q.Choices() {
		values = append(values, c.Value)
		if c.Kind == "" {
			continue
		}
		if of[c.Kind] == nil {
			kinds = append(kinds, c.Kind)
		}
		of[c.Kind] = append(of[c.Kind], c.Value)
	}
	text := strings.Join(values, " ")
	for _, kind := range kinds {
		text += fmt.Sprintf("\n%s: %s", kind, strings.Join(of[kind], " "))
	}
	return text
}

func prompt(q questions.Question, d *questions.Draft) string {
	label, offer := q.Label(d), d.Offer(q)
	if q.Secret {
		label += " (not shown)"
	}
	switch {
	case offer == "":
		return label + ": "
	case q.Secret:
		return label + " [as entered]: "
	}
	return fmt.Sprintf("%s [%s]: ", label, offer)
}

// Confirm asks what to do with the plan: true goes on. Before that show prints
// all of it, and the answers can be kept in a file, for the next server.
func (p *Plain) Confirm(ctx context.Context, show func()) (bool, error) {
	for {
		text, err := p.lines.Ask(ctx, "\nInstall now? Type yes, no, show (every line of every file) or save (write an answers file): ", false)
		if err != nil {
			return false, err
		}
		switch strings.ToLower(strings.TrimSpace(text)) {
		case "y", "yes":
			return true, nil
		case "n", "no":
			return false, nil
		case "show":
			show()
		case "save":
			if err := p.save(ctx); err != nil {
				return false, err
			}
		}
	}
}

func (p *Plain) save(ctx context.Context) error {
	path, err := p.lines.Ask(ctx, "File [answers.yaml]: ", false)
	if err != nil {
		return err
	}
	if path = strings.TrimSpace(path); path == "" {
		path = questions.DefaultFile
	}
	plain, err := p.lines.Ask(ctx, "Write the secrets into the file? [no]: ", false)
	if err != nil {
		return err
	}
	said, err := p.draft.Save(path, answers.IsYes(plain))
	if err != nil {
		said = err.Error()
	}
	p.lines.Say("%s", said)
	return nil
}

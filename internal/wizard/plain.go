package wizard

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/host"
	"github.com/marketcalls/openalgo-install/internal/terminal"
)

// Plain asks the questions in plain lines, and keeps what was answered.
type Plain struct {
	lines *terminal.Lines
	draft *draft
	dns   func(ctx context.Context, domain string) (good bool, words string)
}

// NewPlain returns a Plain. dns judges a domain and may be nil.
func NewPlain(lines *terminal.Lines, dns func(context.Context, string) (bool, string)) *Plain {
	return &Plain{lines: lines, draft: newDraft(), dns: dns}
}

const (
	back = "<" // takes the user to the question before

	dnsTime = 5 * time.Second // for a domain to be looked up
)

// item is one thing that takes a line: a question, or a screen that has none.
type item struct {
	screen *screen
	q      *question
}

func (i item) shown(d *draft) bool {
	return i.screen.shown(d) && (i.q == nil || i.q.shown(d))
}

func items() []item {
	var out []item
	for n := range screens {
		s := &screens[n]
		for k := range s.questions {
			out = append(out, item{s, &s.questions[k]})
		}
		if len(s.questions) == 0 {
			out = append(out, item{s, nil})
		}
	}
	return out
}

// Ask asks everything and returns the answers. It ends with terminal.ErrEnded when the
// input ends.
func (p *Plain) Ask(ctx context.Context) (answers.Answers, error) {
	p.lines.Say("Each question takes a line; an empty one takes what stands in [brackets].\n%s goes back to the question before. Nothing is changed before the plan is shown.", back)
	all := items()
	var last *screen
	for i := 0; ; {
		if i == len(all) {
			a, problems := p.draft.answers()
			if len(problems) == 0 {
				p.lines.Say("\nAt %s the redirect URL must be exactly this:\n  %s", p.draft.broker().Name, p.draft.redirectURL())
				return a, nil
			}
			// Two answers that do not go together.
			p.lines.Say("\nNot so: %s: %s", problems[0].Key, problems[0].Message)
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

func (p *Plain) heading(s *screen) {
	p.lines.Say("\n%s", s.title)
	if intro := s.intro(p.draft); intro != "" {
		p.lines.Say("%s", wrap(intro, plainWidth))
	}
}

// itemOf is the first shown item of the screen that a key belongs to.
func (p *Plain) itemOf(all []item, key string) int {
	s := &screens[p.draft.screenOf(key)]
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
		text, err := p.lines.Ask(ctx, "Press Enter to go on: ", false)
		return strings.TrimSpace(text) == back, err
	}
	q := *it.q
	p.lines.Say("")
	if help := q.help(p.draft); help != "" && q.key != keyBroker {
		p.lines.Say("%s", wrap(help, plainWidth))
	}
	switch q.key {
	case keyBroker:
		p.lines.Say("One of:\n%s", wrap(choiceWords(q), plainWidth))
	case keyTLS:
		for _, c := range q.choices() {
			p.lines.Say("  %-6s %s", c.value, c.label)
		}
	}
	for {
		given, answered := p.draft.given[q.key]
		text, err := p.lines.Ask(ctx, prompt(q, p.draft), q.secret)
		if err != nil {
			return false, err
		}
		if text == back {
			return true, nil
		}
		if strings.TrimSpace(text) == "" {
			text = p.draft.offer(q)
		}
		if p.draft.take(q, text) {
			p.lines.Say("(blanks around it were taken away)")
		}
		problem := p.draft.problem(q)
		if problem == "" {
			p.judge(ctx, q)
			return false, nil
		}
		if answered {
			p.draft.given[q.key] = given
		} else {
			delete(p.draft.given, q.key)
		}
		p.lines.Say("Not so: %s", problem)
	}
}

// judge says where the domain leads. That is advice: it may be right tomorrow.
func (p *Plain) judge(ctx context.Context, q question) {
	domain := p.draft.get(keyDomain)
	if q.key != keyDomain || domain == "" || p.dns == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, dnsTime)
	defer cancel()
	_, words := p.dns(ctx, domain)
	p.lines.Say("%s", wrap(words, plainWidth))
}

// choiceWords lists the values, and then those of each kind.
func choiceWords(q question) string {
	var values, kinds []string
	of := map[string][]string{}
	for _, c := range q.choices() {
		values = append(values, c.value)
		if c.kind == "" {
			continue
		}
		if of[c.kind] == nil {
			kinds = append(kinds, c.kind)
		}
		of[c.kind] = append(of[c.kind], c.value)
	}
	text := strings.Join(values, " ")
	for _, kind := range kinds {
		text += fmt.Sprintf("\n%s: %s", kind, strings.Join(of[kind], " "))
	}
	return text
}

func prompt(q question, d *draft) string {
	label, offer := q.label(d), d.offer(q)
	if q.secret {
		label += " (not shown)"
	}
	switch {
	case offer == "":
		return label + ": "
	case q.secret:
		return label + " [as before]: "
	}
	return fmt.Sprintf("%s [%s]: ", label, offer)
}

// Confirm asks what to do with the plan: true goes on. Before that show prints
// all of it, and the answers can be kept in a file, for the next server.
func (p *Plain) Confirm(ctx context.Context, show func()) (bool, error) {
	for {
		text, err := p.lines.Ask(ctx, "\nGo on? yes, no, show (every line of every file), save (keep the answers): ", false)
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
		path = defaultFile
	}
	plain, err := p.lines.Ask(ctx, "With the secrets in it? [no]: ", false)
	if err != nil {
		return err
	}
	said, err := p.draft.save(path, answers.IsYes(plain))
	if err != nil {
		said = err.Error()
	}
	p.lines.Say("%s", said)
	return nil
}

const defaultFile = "answers.yaml"

// save writes the answers into a new file, and says how to use it.
func (d *draft) save(path string, secrets bool) (said string, err error) {
	if _, err := os.Lstat(path); err == nil {
		return "", fmt.Errorf("%s exists, and is left as it is: name another file", path)
	}
	text, err := d.yaml(!secrets)
	if err == nil {
		err = host.WriteFile(path, text, 0o600, "")
	}
	if err != nil {
		return "", fmt.Errorf("the answers could not be saved: %w", err)
	}
	said = "Saved. Unattended: openalgo-install --answers " + path
	if !secrets {
		said += fmt.Sprintf("\nIt takes the secrets from the environment: %s.", strings.Join(d.environment(), ", "))
	}
	return said, nil
}

// environment lists the variables that a file without secrets refers to.
func (d *draft) environment() []string {
	var out []string
	for _, q := range screens[d.screenOf("broker.api_key")].questions {
		if d.get(q.key) != "" {
			out = append(out, secretNames[q.key])
		}
	}
	return out
}

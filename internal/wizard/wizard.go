package wizard

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/google/renameio/v2"

	"github.com/marketcalls/openalgo-install/internal/answers"
)

// Wizard asks the questions and keeps what was answered.
type Wizard struct {
	lines *Lines
	draft draft
}

// New returns a Wizard that asks in plain lines.
func New(lines *Lines) *Wizard {
	return &Wizard{lines: lines, draft: draft{given: map[string]string{}}}
}

// back is what takes the user to the question before.
const back = "<"

// Ask asks everything and returns the answers. It ends with ErrEnded when the
// input ends.
func (w *Wizard) Ask(ctx context.Context) (answers.Answers, error) {
	w.lines.Say("Each question takes a line; an empty one takes what stands in [brackets].\n%s goes back to the question before. Nothing is changed before the plan is shown.", back)
	for i := 0; ; {
		if i == len(questions) {
			a, problems := w.draft.answers()
			if len(problems) == 0 {
				return a, w.redirect(ctx, a)
			}
			// Two answers that do not go together.
			w.lines.Say("\nNot so: %s: %s", problems[0].Key, problems[0].Message)
			i = w.questionOf(problems[0].Key)
		}
		q := questions[i]
		if !q.shown(&w.draft) {
			delete(w.draft.given, q.key)
			i++
			continue
		}
		again, err := w.one(ctx, q)
		switch {
		case err != nil:
			return answers.Answers{}, err
		case again:
			i = w.before(i)
		default:
			i++
		}
	}
}

// questionOf is the question that a key of the answers belongs to.
func (w *Wizard) questionOf(key string) int {
	return max(0, slices.IndexFunc(questions, func(q question) bool {
		return (q.key == key || strings.HasPrefix(key, q.key+".")) && q.shown(&w.draft)
	}))
}

// before is the nearest question that is asked before question i.
func (w *Wizard) before(i int) int {
	for i--; i > 0 && !questions[i].shown(&w.draft); i-- {
	}
	return max(i, 0)
}

// one asks one question until its answer is right. back is true when the user
// wants the question before.
func (w *Wizard) one(ctx context.Context, q question) (goBack bool, err error) {
	w.lines.Say("")
	if help := q.help(&w.draft); help != "" {
		w.lines.Say("%s", help)
	}
	for {
		given, answered := w.draft.given[q.key]
		offer := q.preset
		if answered {
			offer = given
		}
		text, err := w.lines.Ask(ctx, prompt(q, &w.draft, offer), q.secret)
		if err != nil {
			return false, err
		}
		if text == back {
			return true, nil
		}
		clean := strings.TrimSpace(text)
		if clean != text {
			w.lines.Say("(blanks around it were taken away)")
		}
		if clean == "" {
			clean = offer
		}
		w.draft.given[q.key] = clean
		problem := w.draft.problem(q)
		if problem == "" {
			return false, nil
		}
		if answered {
			w.draft.given[q.key] = given
		} else {
			delete(w.draft.given, q.key)
		}
		w.lines.Say("Not so: %s", problem)
	}
}

func prompt(q question, d *draft, offer string) string {
	label := q.label(d)
	switch {
	case q.secret && offer != "":
		return label + " (not shown) [as before]: "
	case q.secret:
		return label + " (not shown): "
	case offer != "":
		return fmt.Sprintf("%s [%s]: ", label, offer)
	}
	return label + ": "
}

// redirect shows the address that the broker's portal must have, and waits. It
// comes last: domain and port are part of it.
func (w *Wizard) redirect(ctx context.Context, a answers.Answers) error {
	b := w.draft.broker()
	w.lines.Say("\nIn %s's developer portal the redirect URL must be exactly this:\n  %s", b.Name, b.RedirectURL(a.Origin()))
	_, err := w.lines.Ask(ctx, "Enter it there, then press Enter: ", false)
	return err
}

// Confirm asks what to do with the plan: true goes on. Before that show prints
// all of it, and the answers can be kept in a file, for the next server.
func (w *Wizard) Confirm(ctx context.Context, show func()) (bool, error) {
	for {
		text, err := w.lines.Ask(ctx, "\nGo on? yes, no, show (every line of every file), save (keep the answers): ", false)
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
			if err := w.save(ctx); err != nil {
				return false, err
			}
		}
	}
}

func (w *Wizard) save(ctx context.Context) error {
	path, err := w.lines.Ask(ctx, "File [answers.yaml]: ", false)
	if err != nil {
		return err
	}
	if path = strings.TrimSpace(path); path == "" {
		path = "answers.yaml"
	}
	if _, err := os.Stat(path); err == nil {
		w.lines.Say("%s exists, and is left as it is: name another file", path)
		return nil
	}
	plain, err := w.lines.Ask(ctx, "With the secrets in it? [no]: ", false)
	if err != nil {
		return err
	}
	text, err := w.draft.yaml(!isYes(plain))
	if err == nil {
		err = renameio.WriteFile(path, text, 0o600)
	}
	if err != nil {
		w.lines.Say("It could not be saved: %v", err)
		return nil
	}
	w.lines.Say("Saved. Unattended: openalgo-install --answers %s", path)
	if !isYes(plain) {
		w.lines.Say("It takes the secrets from the environment: BROKER_API_KEY, BROKER_API_SECRET.")
	}
	return nil
}

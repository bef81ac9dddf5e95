package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/ops"
	"github.com/marketcalls/openalgo-install/internal/plan"
	"github.com/marketcalls/openalgo-install/internal/present"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// changeOptions are the flags that commands which change an instance share.
type changeOptions struct {
	now, dryRun bool
	rights      bool // the rights that a backup asks for are granted
	wait        time.Duration
	// ways is the advice where a market is open and nobody can be asked; "" is
	// nowWay.
	ways string
	// question is asked where the plan has none; "" is no question.
	question string
}

// nowWay is that advice for most commands.
const nowWay = "To do this now, add --now."

func nowFlag(cmd *cobra.Command, now *bool) {
	cmd.Flags().BoolVar(now, "now", false, "do this now, even if a market is open")
}

func waitFlag(cmd *cobra.Command, wait *time.Duration) {
	cmd.Flags().DurationVar(wait, "wait", 0, "longest wait for a start (default 5m without progress, 20m in total)")
}

func dryRunFlag(cmd *cobra.Command, dryRun *bool) {
	cmd.Flags().BoolVar(dryRun, "dry-run", false, "print the plan and change nothing")
}

func (o *changeOptions) flags(cmd *cobra.Command) {
	nowFlag(cmd, &o.now)
	waitFlag(cmd, &o.wait)
	dryRunFlag(cmd, &o.dryRun)
}

// change is the one way of every command that changes the instance in --dir: it
// connects, shows the plan with --dry-run or else carries it out, asks what no
// flag answers, and reports how that ended.
//
//go:noinline
func (a *app) change(ctx context.Context, o changeOptions, c ops.Command) error {
	return a.with(ctx, o, func(s *ops.Session, out *presenter) error { return a.carry(ctx, s, out, o, c) })
}

// with connects, and does something with the instance in --dir that reports by
// itself how it ended.
func (a *app) with(ctx context.Context, o changeOptions, do func(*ops.Session, *presenter) error) error {
	out := a.presenter()
	told := out
	if o.dryRun {
		told = aside(a)
	}
	s, done, err := a.session(ctx, told)
	if err != nil {
		return out.end(event.Result{}, err)
	}
	defer done()
	a.follow(s, o)
	return do(s, out)
}

// carry shows the plan of a command with --dry-run, or else carries it out.
func (a *app) carry(ctx context.Context, s *ops.Session, out *presenter, o changeOptions, c ops.Command) error {
	if !o.dryRun {
		result, err := s.Do(ctx, c)
		if arrives(c.Name) {
			result, err = withAddress(ctx, s, result, err)
		}
		return out.end(result, err)
	}
	p, err := s.Plan(ctx, c)
	if err != nil {
		return out.end(event.Result{}, err)
	}
	return a.showPlan(p)
}

// refuse reports why a command did not begin.
func (a *app) refuse(err error) error { return a.presenter().end(event.Result{}, err) }

// follow sets how a session asks and waits, by the flags.
//
//go:noinline
func (a *app) follow(s *ops.Session, o changeOptions) {
	s.Wait = o.wait
	s.Confirm = func(p *plan.Plan) (bool, error) { return a.approve(p, o) }
}

// noted is a command that changes the answers of an instance. note says what a
// person has to know once that is carried out.
func noted(c ops.Command, note func(answers.Answers) string) ops.Command {
	var after answers.Answers
	of := c.Wish
	c.Wish = func(o *world.Observation) (plan.Intent, error) {
		i, err := of(o)
		after = i.Answers
		return i, err
	}
	c.Ended = func(s *ops.Session, r event.Result, err error) {
		if err == nil && r.Changed {
			s.Note(note(after))
		}
	}
	return c
}

func (a *app) showPlan(p *plan.Plan) error {
	if a.json {
		return a.writeJSON(present.Document(p))
	}
	present.Plan(a.stdout, p)
	fmt.Fprintln(a.stdout, "\nDry run: nothing was changed.")
	return nil
}

// approve asks what the plan wants to be asked, or takes the flags for an answer. shown
// says that a person has read the plan for that.
func (a *app) approve(p *plan.Plan, o changeOptions) (shown bool, err error) {
	open := o.unanswered(p.Asks, a.yes)
	if len(open) > 0 && !isTerminal(a.stdin) {
		return false, cannotAsk(open, o)
	}
	var questions []string
	for _, ask := range open {
		questions = append(questions, ask.Text+".")
	}
	if len(open) == 0 && isTerminal(a.stdin) {
		switch {
		case o.question != "" && !a.yes:
			questions = append(questions, o.question)
		case a.asks:
			questions = append(questions, "Do this now?")
		}
	}
	if len(questions) == 0 {
		return false, nil
	}
	present.Asking(a.stderr, p)
	for _, question := range questions {
		if err := a.agree("\n" + question); err != nil {
			return true, err
		}
	}
	return true, nil
}

// agree asks for a yes; without one it is an error that ends the command.
func (a *app) agree(question string) error {
	ok, err := a.confirm(question, "yes")
	if err == nil && !ok {
		err = finding.Named(finding.Cancelled, "cancelled", "nothing was changed")
	}
	return err
}

// unanswered returns the questions that no flag has answered: --now answers the
// one about the market, --allow-rights those of a backup, --yes the others.
func (o changeOptions) unanswered(asks []plan.Ask, yes bool) []plan.Ask {
	return slices.DeleteFunc(slices.Clone(asks), func(ask plan.Ask) bool {
		switch ask.Kind {
		case plan.AskMarket:
			return o.now
		case plan.AskRights:
			return o.rights
		}
		return yes
	})
}

const addYes = "To confirm in advance, add --yes."

// cannotAsk names all open questions at once where nobody can be asked.
func cannotAsk(asks []plan.Ask, o changeOptions) error {
	ways := o.ways
	if ways == "" {
		ways = nowWay
	}
	kind, id, texts, answers := finding.Usage, "not-confirmed", []string{}, []string{}
	for _, ask := range asks {
		texts = append(texts, ask.Text)
		if ask.Kind == plan.AskMarket {
			kind, id, answers = finding.HostNotReady, "market-open", append(answers, ways)
		} else if ask.Kind == plan.AskRights {
			answers = append(answers, "To accept these rights, add --allow-rights.")
		} else if !slices.Contains(answers, addYes) {
			answers = append(answers, addYes)
		}
	}
	return finding.Named(kind, id, "%s\n\n%s", strings.Join(texts, ". "), strings.Join(answers, " ")).Ending(finding.Unchanged)
}

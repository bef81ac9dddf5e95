package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/later"
	"github.com/marketcalls/openalgo-install/internal/ops"
	"github.com/marketcalls/openalgo-install/internal/plan"
	"github.com/marketcalls/openalgo-install/internal/sizing"
	"github.com/marketcalls/openalgo-install/internal/world"
)

type resizeOptions struct {
	ram    string
	cores  int
	now    bool
	at     string
	until  string // the process that waits has its time from here
	all    bool
	force  bool
	dryRun bool
	cancel bool
	wait   time.Duration

	ramMiB    int // of ram
	instances int // that share this machine, for all
}

func (a *app) resizeCommand() *cobra.Command {
	var o resizeOptions
	cmd := &cobra.Command{
		Use:   "resize",
		Short: "Give OpenAlgo the sizing that RAM and cores allow, e.g. after an upgrade",
		Long: `Read RAM and cores again, compute the sizing and show the seven values before
and after. What differs is written into .env, and one container is made anew;
its image, volumes, keys and ports stay. Lines of .env that you set by hand are
yours and stay, too, unless --force is given.

While a market is open it asks, or needs --now; --at 16:00 (IST) waits
for that time, also after you have logged out. Stacks of the old scripts and
of your own Compose files are resized the same way.`,
		Example: `  openalgo-install resize --dry-run
  openalgo-install resize --at 16:00
  openalgo-install resize --all --now --yes`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.check(cmd); err != nil {
				return err
			}
			return a.resize(cmd.Context(), o)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&o.ram, "ram", "", "RAM to size for, e.g. 4GB, 3910MiB or 4096 (MiB); measured without it")
	flags.IntVar(&o.cores, "cores", 0, "cores to size for; measured without it")
	flags.BoolVar(&o.now, "now", false, "also while a market is open")
	waitFlag(cmd, &o.wait)
	flags.StringVar(&o.at, "at", "", "wait until HH:MM IST, even if you log out")
	flags.StringVar(&o.until, "until", "", "")
	_ = flags.MarkHidden("until")
	flags.BoolVar(&o.all, "all", false, "resize every OpenAlgo, and divide the machine again")
	flags.BoolVar(&o.force, "force", false, "also change what you set by hand")
	flags.BoolVar(&o.dryRun, "dry-run", false, "print the plan and change nothing")
	flags.BoolVar(&o.cancel, "cancel", false, "cancel a resize that waits for its time")
	return cmd
}

func (o *resizeOptions) check(cmd *cobra.Command) (err error) {
	if cmd.Flags().Changed("ram") {
		if o.ramMiB, err = sizing.ParseMemory(o.ram); err != nil {
			return usage("--ram: %v", err)
		}
	}
	if cmd.Flags().Changed("cores") && (o.cores < 1 || o.cores > maxCores) {
		return usage("--cores: %d is not a number of cores, e.g. 2", o.cores)
	}
	if o.at != "" && o.now {
		return usage("--at and --now say two different times; leave one out")
	}
	return nil
}

func (a *app) resize(ctx context.Context, o resizeOptions) error {
	out := a.presenter()
	e, machine, err := a.connect(ctx)
	if err != nil {
		return out.end(event.Result{}, err)
	}
	defer e.Close()
	dirs := []string{a.dir}
	if o.all {
		if dirs, err = world.Dirs(ctx, e); err != nil {
			return out.end(event.Result{}, err)
		}
	}
	if len(dirs) == 0 {
		return out.end(event.Result{Message: "nothing to do: there is no OpenAlgo on this engine"}, nil)
	}
	home, err := instance.Abs(firstThere(dirs)) // where a schedule is kept
	if err != nil {
		return out.end(event.Result{}, err)
	}
	if o.cancel {
		return a.cancelResize(ctx, out, home)
	}
	o.instances = len(dirs)
	all, left, err := a.resizable(ctx, dirs, e, machine, out, o)
	if err == nil && len(all) == 0 {
		err = notAll(left, "no instance was resized")
	}
	if err != nil {
		return out.end(event.Result{}, err)
	}
	if o.dryRun {
		return a.showResize(ctx, out, all, left, o)
	}
	if o.at != "" {
		return a.resizeAt(ctx, out, home, all, o)
	}
	result, err := a.resizeUntil(ctx, home, all, left, o)
	return out.end(result, err)
}

// resizeUntil waits for the time in the options, if there is one.
func (a *app) resizeUntil(ctx context.Context, home string, all []*ops.Session, left []leftOut, o resizeOptions) (event.Result, error) {
	do := func() (event.Result, error) { return a.resizeAll(ctx, all, left, o) }
	if o.until == "" {
		return do()
	}
	at, err := time.Parse(time.RFC3339, o.until)
	if err != nil {
		return event.Result{}, usage("--until: %v", err)
	}
	return later.Wait(ctx, instance.Dir(home), at, exitCode, do)
}

func (a *app) options(o resizeOptions) ops.ResizeOptions {
	r := ops.ResizeOptions{RAMMiB: o.ramMiB, Cores: o.cores, Force: o.force,
		Confirm: func(p *plan.Plan) error { return a.confirmResize(p, o) }}
	if o.all {
		r.Instances = o.instances
	}
	return r
}

// resizeAll resizes one stack after the other, those that shrink first: what
// the others gain must be free by then. Each is a change of its own.
func (a *app) resizeAll(ctx context.Context, all []*ops.Session, left []leftOut, o resizeOptions) (event.Result, error) {
	r := a.options(o)
	if len(all) == 1 && len(left) == 0 {
		return all[0].Resize(ctx, r)
	}
	var shrink, grow []*ops.Session
	for _, in := range all {
		p, err := in.PlanResize(ctx, r)
		if err != nil {
			return event.Result{}, fmt.Errorf("%w. No stack was resized", err)
		}
		if p.Shrinks() {
			shrink = append(shrink, in)
		} else {
			grow = append(grow, in)
		}
	}
	changed := 0
	for _, in := range append(shrink, grow...) {
		result, err := in.Resize(ctx, r)
		if err != nil {
			return event.Result{Changed: changed > 0}, fmt.Errorf("%w\n%d of %d stacks were resized before that", err, changed, len(all))
		}
		if result.Changed {
			changed++
		}
	}
	done := fmt.Sprintf("%d of %d stacks were resized, the others had nothing to do", changed, len(all))
	if err := notAll(left, fmt.Sprintf("%d of %d instances were resized", changed, len(all)+len(left))); err != nil {
		return event.Result{Changed: changed > 0}, err
	}
	return event.Result{Changed: changed > 0, Message: done}, nil
}

func (a *app) showResize(ctx context.Context, out *presenter, all []*ops.Session, left []leftOut, o resizeOptions) error {
	type planned struct {
		Dir  string     `json:"dir"`
		Plan *plan.Plan `json:"plan"`
	}
	var plans []planned
	for _, in := range all {
		p, err := in.PlanResize(ctx, a.options(o))
		if err != nil {
			return out.end(event.Result{}, err)
		}
		plans = append(plans, planned{string(in.Dir()), p})
	}
	switch {
	case a.json && len(left) > 0:
		return a.writeJSON(map[string]any{"instances": plans, "left_out": left})
	case a.json && o.all:
		return a.writeJSON(map[string]any{"instances": plans})
	case a.json:
		return a.writeJSON(plans[0].Plan)
	}
	for _, p := range plans {
		if o.all {
			fmt.Fprintf(a.stdout, "%s\n", p.Dir)
		}
		p.Plan.WriteText(a.stdout)
		fmt.Fprintln(a.stdout)
	}
	for _, l := range left {
		fmt.Fprintf(a.stdout, "%s\n%s\n\n", l.Dir, l.Error)
	}
	fmt.Fprintln(a.stdout, "Dry run: nothing was changed.")
	return nil
}

// confirmResize asks what the plan wants to be asked, or takes the flags for
// an answer.
func (a *app) confirmResize(p *plan.Plan, o resizeOptions) error {
	return a.confirmPlan(p, o.now, "To wait, add --at 16:00 (IST). "+nowWay)
}

// confirmPlan is confirmResize for every change of a stack that runs; ways are
// those out of a market that is open.
func (a *app) confirmPlan(p *plan.Plan, now bool, ways string) error {
	open := a.unanswered(p.Asks, now)
	if len(open) > 0 && !isTerminal(a.stdin) {
		return cannotAsk(open, ways)
	}
	for n, ask := range open {
		if n == 0 {
			p.WriteText(a.stderr)
		}
		if err := a.agree("\n" + ask.Text + "."); err != nil {
			return err
		}
	}
	return nil
}

// unanswered returns the questions that no flag has answered: --now answers the
// one about the market, --allow-rights those of a backup, --yes the others.
func (a *app) unanswered(asks []plan.Ask, now bool) []plan.Ask {
	return slices.DeleteFunc(slices.Clone(asks), func(ask plan.Ask) bool {
		switch ask.Kind {
		case plan.AskMarket:
			return now
		case plan.AskRights:
			return a.allowRights
		}
		return a.yes
	})
}

// cannotAsk names all open questions at once where nobody can be asked.
func cannotAsk(asks []plan.Ask, ways string) error {
	kind, texts, answers := finding.Usage, []string{}, []string{}
	for _, ask := range asks {
		texts = append(texts, ask.Text)
		if ask.Kind == plan.AskMarket {
			kind, answers = finding.HostNotReady, append(answers, ways)
		} else if ask.Kind == plan.AskRights {
			answers = append(answers, "To accept these rights, add --allow-rights.")
		} else if !slices.Contains(answers, addYes) {
			answers = append(answers, addYes)
		}
	}
	text := fmt.Sprintf("%s\n\n%s\n\nNothing was changed.", strings.Join(texts, ". "), strings.Join(answers, " "))
	return &finding.Error{Kind: kind, Err: errors.New(text)}
}

const addYes = "To confirm in advance, add --yes."

package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/later"
	"github.com/marketcalls/openalgo-install/internal/ops"
	"github.com/marketcalls/openalgo-install/internal/plan"
	"github.com/marketcalls/openalgo-install/internal/present"
	"github.com/marketcalls/openalgo-install/internal/printable"
	"github.com/marketcalls/openalgo-install/internal/sizing"
	"github.com/marketcalls/openalgo-install/internal/world"
)

func init() { register(newResize) }

type resizeCommand struct {
	*app
	changeOptions
	ram    string
	cores  int
	at     string
	until  string // the process that waits has its time from here
	all    bool
	force  bool
	cancel bool

	ramMiB    int // of ram
	instances int // that share this machine, for all
}

func newResize(a *app) *cobra.Command {
	c := &resizeCommand{app: a, changeOptions: changeOptions{ways: "To wait, add --at 16:00 (IST). " + nowWay}}
	cmd := &cobra.Command{
		Use:   "resize",
		Short: "Fit OpenAlgo to this machine's RAM and cores",
		Long: `Read RAM and cores again, compute the sizing and show the seven values before
and after. What differs is written into .env, and one container is recreated;
its image, volumes, keys and ports stay. Lines of .env that you set by hand are
yours and stay, too, unless --force is given.

While a market is open it asks, or needs --now; --at 16:00 (IST) waits
for that time, also after you have logged out. Add a day for another one:
"Saturday 10:00". Stacks of the old scripts and
of your own Compose files are resized the same way.`,
		Example: `  openalgo-install resize --dry-run
  openalgo-install resize --at 16:00
  openalgo-install resize --at "Saturday 10:00"
  openalgo-install resize --all --now --yes`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := c.check(cmd); err != nil {
				return err
			}
			return c.run(cmd.Context())
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&c.ram, "ram", "", "RAM to size for, for example 4GB, 3910MiB or 4096 (MiB); the default is this machine's")
	flags.IntVar(&c.cores, "cores", 0, "cores to size for; the default is this machine's")
	flags.BoolVar(&c.now, "now", false, "do this now, even if a market is open")
	waitFlag(cmd, &c.wait)
	flags.StringVar(&c.at, "at", "", "wait for a time in IST, even if you log out, for example 16:00, \"tomorrow 06:30\", \"Saturday 10:00\", \"28 Nov 10:00\"")
	flags.StringVar(&c.until, "until", "", "")
	_ = flags.MarkHidden("until")
	flags.BoolVar(&c.all, "all", false, "resize every instance, and share this machine's RAM and cores again")
	flags.BoolVar(&c.force, "force", false, "also change values that you set by hand")
	dryRunFlag(cmd, &c.dryRun)
	flags.BoolVar(&c.cancel, "cancel", false, "cancel a waiting resize")
	return cmd
}

func (c *resizeCommand) check(cmd *cobra.Command) (err error) {
	if cmd.Flags().Changed("ram") {
		if c.ramMiB, err = sizing.ParseMemory(c.ram); err != nil {
			return usage("--ram: %v", err)
		}
	}
	if cmd.Flags().Changed("cores") && (c.cores < 1 || c.cores > maxCores) {
		return usage("--cores: %d is not a number of cores, for example 2", c.cores)
	}
	if c.at != "" && c.now {
		return usage("--at and --now contradict each other. Use one of them")
	}
	return nil
}

func (c *resizeCommand) run(ctx context.Context) error {
	if c.all || c.cancel || c.at != "" || c.until != "" {
		return c.several(ctx)
	}
	err := c.change(ctx, c.changeOptions, ops.Resize(c.options()))
	if dir, wrong := instance.Abs(c.dir); err == nil && wrong == nil && !c.dryRun {
		_ = later.Forget(instance.Dir(dir)) // one that was missed is made up for
	}
	return err
}

// several resizes all instances, or one at another time.
func (c *resizeCommand) several(ctx context.Context) error {
	out := c.presenter()
	e, machine, err := connect(ctx)
	if err != nil {
		return out.end(event.Result{}, err)
	}
	defer e.Close()
	dirs := []string{c.dir}
	if c.all {
		if dirs, err = world.Dirs(ctx, e); err != nil {
			return out.end(event.Result{}, err)
		}
	}
	if len(dirs) == 0 {
		return out.end(event.Result{Message: "nothing to do: Docker has no OpenAlgo"}, nil)
	}
	home, err := instance.Abs(firstThere(dirs)) // where a schedule is kept
	if err != nil {
		return out.end(event.Result{}, err)
	}
	if c.cancel {
		return cancelResize(ctx, out, home)
	}
	c.instances = len(dirs)
	all, left, err := c.open(ctx, dirs, e, machine, out)
	if err == nil && len(all) == 0 {
		err = notAll(left, "no instance was resized")
	}
	if err != nil {
		return out.end(event.Result{}, err)
	}
	if c.dryRun {
		return c.show(ctx, out, all, left)
	}
	if c.at != "" {
		return c.leave(ctx, out, home, all)
	}
	result, err := c.resizeUntil(ctx, home, all, left)
	return out.end(result, err)
}

// resizeUntil waits for the time in the options, if there is one.
func (c *resizeCommand) resizeUntil(ctx context.Context, home string, all []*ops.Session, left []leftOut) (event.Result, error) {
	do := func() (event.Result, error) { return c.resizeAll(ctx, all, left) }
	if c.until == "" {
		result, err := do()
		if err == nil {
			_ = later.Forget(instance.Dir(home))
		}
		return result, err
	}
	at, err := time.Parse(time.RFC3339, c.until)
	if err != nil {
		return event.Result{}, usage("--until: %v", err)
	}
	return later.Wait(ctx, instance.Dir(home), later.At{Time: at, Again: append([]string{"resize"}, c.wishes()...)}, exitCode, do)
}

// options are what is resized to, by the flags.
func (c *resizeCommand) options() ops.ResizeOptions {
	r := ops.ResizeOptions{RAMMiB: c.ramMiB, Cores: c.cores, Force: c.force}
	if c.all {
		r.Instances = c.instances
	}
	return r
}

// resizeAll resizes one stack after the other, those that shrink first: what
// the others gain must be free by then. Each is a change of its own.
func (c *resizeCommand) resizeAll(ctx context.Context, all []*ops.Session, left []leftOut) (event.Result, error) {
	r := c.options()
	if len(all) == 1 && len(left) == 0 {
		return all[0].Do(ctx, ops.Resize(r))
	}
	var shrink, grow []*ops.Session
	for _, in := range all {
		p, err := in.Plan(ctx, ops.Resize(r))
		if err != nil {
			return event.Result{}, fmt.Errorf("%w. No instance was resized", err)
		}
		if p.Shrinks() {
			shrink = append(shrink, in)
		} else {
			grow = append(grow, in)
		}
	}
	changed := 0
	for _, in := range append(shrink, grow...) {
		result, err := in.Do(ctx, ops.Resize(r))
		if err != nil {
			return event.Result{Changed: changed > 0}, fmt.Errorf("%w\n%d of %d instances were resized before that", err, changed, len(all))
		}
		if result.Changed {
			changed++
		}
	}
	done := fmt.Sprintf("%d of %d instances were resized, the others needed no change", changed, len(all))
	if err := notAll(left, fmt.Sprintf("%d of %d instances were resized", changed, len(all)+len(left))); err != nil {
		return event.Result{Changed: changed > 0}, err
	}
	return event.Result{Changed: changed > 0, Message: done}, nil
}

// show prints the plans.
func (c *resizeCommand) show(ctx context.Context, out *presenter, all []*ops.Session, left []leftOut) error {
	type planned struct {
		Dir  string     `json:"dir"`
		Plan *plan.Plan `json:"plan"`
	}
	var plans []planned
	for _, in := range all {
		p, err := in.Plan(ctx, ops.Resize(c.options()))
		if err != nil {
			return out.end(event.Result{}, err)
		}
		plans = append(plans, planned{string(in.Dir()), p})
	}
	switch {
	case c.json && len(left) > 0:
		return c.writeJSON(map[string]any{"instances": plans, "left_out": left})
	case c.json && c.all:
		return c.writeJSON(map[string]any{"instances": plans})
	case !c.all:
		return c.showPlan(plans[0].Plan)
	}
	for _, p := range plans {
		fmt.Fprintf(c.stdout, "%s\n", printable.Line(p.Dir))
		present.Plan(c.stdout, p.Plan)
		fmt.Fprintln(c.stdout)
	}
	for _, l := range left {
		fmt.Fprintf(c.stdout, "%s\n%s\n\n", printable.Line(l.Dir), printable.Text(l.Error))
	}
	fmt.Fprintln(c.stdout, "Dry run: nothing was changed.")
	return nil
}

package cli

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/draft"
	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/image"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/ops"
	"github.com/marketcalls/openalgo-install/internal/testinstall"
)

// installCommand is what the program does without the name of a command.
type installCommand struct {
	*app
	answers  string
	dryRun   bool
	rehearse bool
	version  bool // print it, and do nothing else
	wait     time.Duration
}

func (c *installCommand) flags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&c.answers, "answers", "", "answers file (YAML); - reads stdin")
	flags.BoolVar(&c.dryRun, "dry-run", false, "print the plan and change nothing")
	flags.BoolVar(&c.rehearse, "rehearse", false, "run a complete test install with a built-in test app, then remove it")
	flags.BoolVar(&c.version, "version", false, "print the version")
	waitFlag(cmd, &c.wait)
}

func (c *installCommand) run(ctx context.Context) error {
	if c.asksAnswers() {
		return c.wizard(ctx)
	}
	if !c.dryRun {
		draft.Sweep()
	}
	// From here on every end is an event: who reads --json finds the reason there.
	all, err := c.read(ctx)
	if err != nil {
		return c.refuse(err)
	}
	if err := c.bringDocker(ctx, all[0].Answers); err != nil {
		return c.refuse(err)
	}
	if err := c.install(ctx, all); err != nil {
		return err
	}
	if !c.dryRun && !c.rehearse {
		keepAddresses(ctx, c.app, all)
	}
	if !c.dryRun && !c.rehearse && !c.saved() {
		keepWatch(ctx, c.app, all)
		keepBackups(ctx, c.app, all)
	}
	return nil
}

// install installs what the answers say.
func (c *installCommand) install(ctx context.Context, all []answers.Named) error {
	if all[0].Name != "" {
		return c.installAll(ctx, all)
	}
	ans := all[0].Answers
	if ans.Image.Source == "rehearsal" {
		go image.TestRef() // it reads the whole program, while Docker is asked
	}
	switch {
	case c.rehearse && !c.dryRun:
		return c.with(ctx, c.options(), func(s *ops.Session, out *presenter) error { return out.end(c.rehearsal(ctx, s, ans)) })
	case c.saved() && !c.rehearse:
		return c.change(ctx, c.options(), tellingWay(ops.InstallSaved()))
	}
	return c.change(ctx, c.options(), tellingWay(ops.Install(ans, 0)))
}

// options are the flags that other commands have, too.
func (c *installCommand) options() changeOptions {
	return changeOptions{dryRun: c.dryRun, wait: c.wait}
}

// rehearsal does a test install, and shows what that saw from inside its
// container.
func (c *installCommand) rehearsal(ctx context.Context, s *ops.Session, ans answers.Answers) (event.Result, error) {
	result, report, err := testinstall.Run(ctx, s, ans)
	if report != nil {
		c.presenter().Rehearsal(report)
	}
	return result, err
}

// saved reports whether the answers are those that an install left in this
// instance's directory.
func (c *installCommand) saved() bool {
	dir, err := instance.Abs(c.dir)
	if err != nil {
		return false
	}
	_, _, saved := ops.SavedAnswers(dir, c.answers)
	return saved
}

// read reads the answers file, or the answers that an install left.
func (c *installCommand) read(ctx context.Context) ([]answers.Named, error) {
	if c.answers == "" {
		return nil, usage("cannot ask questions without a terminal. Pass an answers file:\n" +
			"  openalgo-install answers init > answers.yaml    (edit it)\n" +
			"  openalgo-install --answers answers.yaml")
	}
	dir, err := instance.Abs(c.dir)
	if err != nil {
		return nil, err
	}
	saved, problems, ok := ops.SavedAnswers(dir, c.answers)
	switch {
	case !ok:
		return readAllAnswers(ctx, c.app, c.answers)
	case len(problems) > 0:
		return nil, usage("%w", &answers.Invalid{Problems: problems})
	}
	return []answers.Named{{Answers: saved}}, nil
}

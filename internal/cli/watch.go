package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/hoststate"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/later"
	"github.com/marketcalls/openalgo-install/internal/market"
	"github.com/marketcalls/openalgo-install/internal/ops"
	"github.com/marketcalls/openalgo-install/internal/present"
	"github.com/marketcalls/openalgo-install/internal/printable"
	"github.com/marketcalls/openalgo-install/internal/stacks"
	"github.com/marketcalls/openalgo-install/internal/userns"
	"github.com/marketcalls/openalgo-install/internal/watch"
)

func init() { register(newWatch) }

type watchCommand struct {
	*app
	preOpen string
	only    bool
}

func newWatch(a *app) *cobra.Command {
	c := &watchCommand{app: a}
	cmd := &cobra.Command{
		Use:   "watch [on|off|run]",
		Short: "Watch every instance, and tell you when something is wrong",
		Long: fmt.Sprintf(`Look at all instances on this machine every %d minutes. You get a message when
something is wrong and when it is over: OpenAlgo is down or does not answer,
memory or disk run out, the certificate ends, the public address has changed, a
backup was missed, a run was interrupted. Before the market opens, one message
says whether all is ready. openalgo-install notify sets where messages go.

on sets up a systemd timer, or cron if there is no systemd. Without root, it uses
the systemd or crontab of your user. off removes it. run makes one round now.
Without an argument, the command shows whether the watch is on, and what the last
round found. With --dir, only the instance in that directory is watched.

The watch changes nothing, with one exception: it completes or undoes an
interrupted run, after a reboot or if OpenAlgo is down since then. It tells you
so. No message comes while a command of yours changes the instance.`, later.WatchEvery),
		Example: `  openalgo-install watch on
  openalgo-install watch on --preopen 08:30
  openalgo-install watch
  openalgo-install watch run`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 || len(args) == 1 && args[0] != "on" && args[0] != "off" && args[0] != "run" {
				return usage("say on, off or run").With(finding.Anywhere("For example", "watch", "on"))
			}
			return nil
		},
		ValidArgs: []string{"on", "off", "run"},
		RunE: func(cmd *cobra.Command, args []string) error {
			c.only = cmd.Flags().Changed("dir") || a.instanceName != ""
			if len(args) == 0 {
				return c.show(cmd.Context())
			}
			switch args[0] {
			case "on":
				return c.on(cmd.Context())
			case "off":
				return c.off(cmd.Context())
			}
			return c.round(cmd.Context())
		},
	}
	cmd.Flags().StringVar(&c.preOpen, "preopen", watch.PreOpenUsual, "say at HH:MM IST on trading days whether all is ready; off sends no such message")
	return cmd
}

// clock is the time of the line before the market opens; "" is never.
func (c *watchCommand) clock() (string, error) { return preOpenClock(c.preOpen) }

func preOpenClock(text string) (string, error) {
	if text == "off" {
		return "", nil
	}
	at, err := time.Parse("15:04", text)
	if err != nil {
		return "", usage("--preopen is a time in IST, for example 08:45, or off")
	}
	return at.Format("15:04"), nil
}

func (c *watchCommand) on(ctx context.Context) error {
	out := c.presenter()
	clock, err := c.clock()
	if err != nil {
		return out.end(event.Result{}, err)
	}
	dir := ""
	if c.only {
		if dir, err = instance.Abs(c.dir); err != nil {
			return out.end(event.Result{}, err)
		}
	}
	result, err := setWatch(ctx, dir, clock, func(w *finding.Error) { event.Warn(out, "", w) })
	return out.end(result, err)
}

// setWatch has this machine run the watch; dir "" is for every instance, clock "" is
// without a line before the market opens.
func setWatch(ctx context.Context, dir, clock string, warn func(*finding.Error)) (event.Result, error) {
	self, err := os.Executable()
	if err != nil {
		return event.Result{}, fmt.Errorf("finding openalgo-install's own file: %w", err)
	}
	job := later.WatchJob{Command: []string{self, "watch", "run", "--preopen=off"}, PreOpen: clock}
	if clock != "" {
		job.Command[3] = "--preopen=" + clock
	}
	if dir != "" {
		job.Command = append(job.Command, "--dir="+dir)
	}
	endpoint := os.Getenv("DOCKER_HOST")
	e, _, err := connect(ctx)
	switch {
	case errors.Is(err, engine.ErrPermission):
		return event.Result{}, err
	case err == nil:
		endpoint = e.Info().Endpoint
		_ = e.Close()
	}
	if job.Env, err = later.EngineEnvironment(os.Getenv, endpoint); err != nil {
		return event.Result{}, err
	}
	// su keeps the environment of the user before, whose directories root does not use.
	if state := os.Getenv("XDG_STATE_HOME"); filepath.IsAbs(state) && filepath.Dir(hoststate.Dir()) == filepath.Clean(state) {
		job.Env = append(job.Env, "XDG_STATE_HOME="+state)
	}
	idle := false
	by, err := later.SetWatch(ctx, job, func(w *finding.Error) { idle = true; warn(w) })
	if err != nil {
		return event.Result{}, err
	}
	text := fmt.Sprintf("the watch is on: %s looks every %d minutes", by, later.WatchEvery)
	if idle {
		text = fmt.Sprintf("the watch is set up, but nothing runs it yet. Do what the warning says. Then %s looks every %d minutes", by, later.WatchEvery)
	}
	if dir != "" {
		text += ", only at the instance in " + dir
	}
	if clock != "" {
		text += ". At " + clock + " IST on trading days you are told whether all is ready"
	}
	return event.Result{Changed: true, Message: text}, nil
}

func (c *watchCommand) off(ctx context.Context) error {
	out := c.presenter()
	was, err := endWatch(ctx)
	text := "the watch is off: you get no message when something is wrong"
	if !was {
		text = "the watch was off already"
	}
	return out.end(event.Result{Changed: was, Message: text}, err)
}

// endWatch takes the watch away, with what it knew.
func endWatch(ctx context.Context) (bool, error) {
	was, err := later.RemoveWatch(ctx)
	if err == nil {
		err = watch.Forget(hoststate.In(hoststate.Dir()))
	}
	return was, err
}

// endWatchOfNone ends the watch once the last instance is uninstalled.
func endWatchOfNone(ctx context.Context, s *ops.Session) {
	all, err := s.Engine.Containers(ctx)
	if err != nil || slices.ContainsFunc(all, stacks.IsOpenAlgo) {
		return
	}
	for _, dir := range watch.Directories(hoststate.In(hoststate.Dir())) {
		if dir != s.Dir() && instance.Glance(dir).Project != "" {
			return // it has no container, and can be started
		}
	}
	switch was, err := endWatch(ctx); {
	case err != nil:
		s.Note("the watch of this machine is still on: " + err.Error())
	case was:
		s.Note("the watch of this machine is off: there is no instance any more")
	}
}

// show says whether the watch is on, and what the last round found.
func (c *watchCommand) show(ctx context.Context) error {
	s := watch.Glance(ctx)
	if c.json {
		return c.writeJSON(s)
	}
	present.Sentence(c.stdout, "watch: "+printable.Line(s.String()))
	if s.PreOpen != "" {
		fmt.Fprintf(c.stdout, "before the market opens: %s IST on trading days\n", s.PreOpen)
	}
	c.list(s.Problems)
	return nil
}

// sayWatch prints whether the watch is on, below what instances are like.
func sayWatch(w io.Writer, s watch.Glanced) {
	text := s.String()
	if !s.On {
		text += ". You get no message when OpenAlgo is down. To turn it on: " + finding.Prompt{Sudo: userns.IsRoot()}.Command("watch", "on")
	}
	fmt.Fprintln(w)
	present.Sentence(w, "watch: "+printable.Line(text))
}

// list prints problems.
func (c *watchCommand) list(all []watch.Problem) {
	for _, p := range all {
		fmt.Fprintf(present.Folded(c.stdout), "\n%-8s %s (since %s)\n", p.Severity, printable.Line(p.Text), market.Text(p.Since))
		if p.Command != "" {
			fmt.Fprintf(c.stdout, "%-8s -> %s\n", "", printable.Line(p.Command))
		}
	}
}

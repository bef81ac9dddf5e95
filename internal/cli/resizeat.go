package cli

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/marketcalls/openalgo-install/internal/broker"
	"github.com/marketcalls/openalgo-install/internal/calendar/kept"
	"github.com/marketcalls/openalgo-install/internal/clock"
	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/later"
	"github.com/marketcalls/openalgo-install/internal/market"
	"github.com/marketcalls/openalgo-install/internal/ops"
	"github.com/marketcalls/openalgo-install/internal/plan"
	"github.com/marketcalls/openalgo-install/internal/settings"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// leave leaves the wait to a process of its own, and watches that.
func (c *resizeCommand) leave(ctx context.Context, out *presenter, home string, all []*ops.Session) error {
	at, err := market.When(clock.Now(), c.at)
	if err != nil {
		return out.end(event.Result{}, usage("--at: %v", err))
	}
	// Nobody can be asked then, so what has to be asked is asked now.
	c.now = true
	for _, in := range all {
		p, err := in.Plan(ctx, ops.Resize(c.options()))
		if err == nil {
			_, err = c.approve(p, c.changeOptions)
		}
		if err != nil {
			return out.end(event.Result{}, err)
		}
	}
	waiter, err := later.Start(instance.Dir(home), c.waiterArgs(home, at)...)
	if err != nil {
		return out.end(event.Result{}, err)
	}
	when := fmt.Sprintf("%s (%s here)%s", at.Format("Mon 2 Jan, 15:04 MST"), at.Local().Format("Mon 15:04 MST"), tradesThen(all, at))
	out.Report(event.Event{Type: event.TypeNote, Time: time.Now(),
		Message: "the resize waits until " + when + ". You may log out, or press Ctrl+C to get your prompt back: it waits all the same. To cancel it: " + finding.Command(home, "resize", "--cancel")})
	end, err := waiter.Follow(ctx, out, func() any { return &plan.Plan{} })
	switch {
	case errors.Is(err, later.ErrLeft):
		return out.end(event.Result{Message: "stopped watching; the resize is still planned for " + when}, nil)
	case err != nil:
		return out.end(event.Result{}, err)
	case !*end.OK:
		return out.end(event.Result{Changed: *end.Changed}, &finding.Error{Kind: kindOfExit(*end.Exit), ID: end.ID, Err: errors.New(end.Message)})
	}
	return out.end(event.Result{Changed: *end.Changed, URL: end.URL, Message: end.Message}, nil)
}

// waiterArgs are the command line of the process that waits.
func (c *resizeCommand) waiterArgs(home string, at time.Time) []string {
	return append([]string{"resize", "--dir", home, "--json", "--now", "--yes", "--until", at.Format(time.RFC3339)}, c.wishes()...)
}

// wishes are the flags that say what is resized, and to what.
func (c *resizeCommand) wishes() (args []string) {
	for _, flag := range []struct {
		given bool
		text  string
	}{
		{c.all, "--all"}, {c.force, "--force"},
		{c.wait > 0, "--wait=" + c.wait.String()}, {c.ram != "", "--ram=" + c.ram}, {c.cores != 0, "--cores=" + strconv.Itoa(c.cores)},
	} {
		if flag.given {
			args = append(args, flag.text)
		}
	}
	return args
}

func cancelResize(ctx context.Context, out *presenter, home string) error {
	was, err := later.Cancel(ctx, instance.Dir(home))
	if err != nil {
		return out.end(event.Result{}, err)
	}
	if !was {
		return out.end(event.Result{Message: "nothing to do: no resize is waiting"}, nil)
	}
	return out.end(event.Result{Changed: true, Message: "the resize is cancelled"}, nil)
}

// tradesThen says which markets trade at a time at which one of the instances stops;
// "" where none does.
func tradesThen(all []*ops.Session, at time.Time) string {
	for _, in := range all {
		env, c := world.EnvOf(string(in.Dir())), kept.Load(in.Dir())
		b, _ := broker.Find(settings.BrokerOf(env))
		if open := market.Open(at, b.Kind == broker.Crypto, c); len(open) > 0 {
			return ", when " + market.Describe(open, at, c)
		}
	}
	return ""
}

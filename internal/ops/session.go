// Package ops says what each command wants, and leads every run: lock,
// recover, look, wish, plan, ask, bring the image, carry out. The parts are in
// world, plan, image, step and run.
package ops

import (
	"context"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/guard"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/plan"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// Plan works out what a command would do, and changes nothing.
func (in *Session) Plan(ctx context.Context, c Command) (*plan.Plan, error) {
	t := newTurn(in, c)
	defer t.source.Close()
	if c.settle {
		if err := settle(ctx, in, c); err != nil {
			return nil, err
		}
	}
	_, p, err := t.plan(ctx)
	return p, err
}

// Do carries a command out: it finishes or undoes what a killed run left, then
// plans and applies under the lock.
func (in *Session) Do(ctx context.Context, c Command) (event.Result, error) {
	t := newTurn(in, c)
	t.pulls = true
	defer dropKept(ctx, t)
	defer t.source.Close()
	result, err := t.do(ctx)
	if c.Ended != nil {
		c.Ended(in, result, err)
	}
	return result, err
}

// Obstacles returns what keeps commands from changing this instance: what every
// one of them refuses, or else what a change with the answers of the last install
// would meet; nil where nothing does. It changes nothing.
func (in *Session) Obstacles(ctx context.Context) error {
	o, err := in.observe(ctx)
	if err != nil {
		return err
	}
	in.knowEnv(o)
	o.FindByMount()
	if err := guard.All(o); err != nil {
		return err
	}
	if !o.State.IsOurs() || o.Container() == nil {
		return guard.NeitherRuns(o)
	}
	t := newTurn(in, Reconfigure(plan.CommandInstall, func(*answers.Answers) error { return nil }))
	defer t.source.Close()
	_, _, _, err = t.planOnce(ctx)
	return err
}

// Note reports a sentence as a part of the run.
func (in *Session) Note(message string) { in.note(message) }

// Look looks at the instance, as every command does.
func (in *Session) Look(ctx context.Context) (*world.Observation, error) { return in.observe(ctx) }

// Beside returns a session like this one, for an instance in another directory.
func (in *Session) Beside(d instance.Dir) *Session {
	return &Session{Confirm: in.Confirm, kit: kit{Engine: in.Engine, Machine: in.Machine, Report: in.Report, Wait: in.Wait, Resolver: in.Resolver, dir: d}}
}

// Dir returns the instance's directory.
func (in *Session) Dir() instance.Dir { return in.dir }

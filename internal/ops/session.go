// Package ops says what each command wants, and leads every run: lock,
// recover, look, wish, plan, ask, bring the image, carry out. The parts are in
// world, plan, image, step and run.
package ops

import (
	"context"

	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/plan"
	"github.com/marketcalls/openalgo-install/internal/run"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// Plan works out what a command would do, and changes nothing.
func (in *Session) Plan(ctx context.Context, c Command) (*plan.Plan, error) {
	t := newTurn(in, c)
	defer t.source.Close()
	if c.settle {
		if _, err := settle(ctx, in, c); err != nil {
			return nil, err
		}
	}
	_, p, err := t.plan(ctx)
	return p, run.Told(string(in.dir), err, false)
}

// Do carries a command out: it finishes or undoes what a killed run left, then
// plans and applies under the lock.
func (in *Session) Do(ctx context.Context, c Command) (event.Result, error) {
	t := newTurn(in, c)
	t.pulls, t.watch = true, nil
	defer dropKept(ctx, t)
	defer t.source.Close()
	result, err := t.do(ctx)
	err = run.Told(string(in.dir), err, t.watch != nil)
	if c.Ended != nil {
		c.Ended(in, result, err)
	}
	return result, err
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

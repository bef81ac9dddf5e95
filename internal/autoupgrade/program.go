package autoupgrade

import (
	"context"

	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/notify"
)

// UpdateProgram updates openalgo-install itself in a window, if its owner chose that.
// update verifies a release, tries it, and replaces this program: it calls before with
// the version, and reports whether there was a newer one. Where it fails, this program
// stays.
func (r *Runner) UpdateProgram(ctx context.Context, update func(ctx context.Context, before func(version string) error) (changed bool, err error)) error {
	s, now := Load(r.Dir), r.Now()
	if s == nil || !s.On || s.Hold || !s.Self {
		return nil
	}
	from, to := s.Window.Next(now)
	if from.IsZero() || now.Before(from) || busy(from, to, r.Of.Calendar(ctx)) != "" {
		return nil
	}
	if r.Synced != nil {
		if yes := r.Synced(); yes != nil && !*yes {
			return nil // Decide says so
		}
	}
	newer := ""
	changed, err := update(ctx, func(version string) error {
		newer = version
		if s.SelfProblem == "" { // else it was told, and is tried again
			r.tell(ctx, notify.Info, "program-planned", "openalgo-install "+version+" is installed now", "Its signature is verified, and it is tried first. OpenAlgo keeps running", "version")
		}
		return nil
	})
	problem := ""
	switch {
	case ctx.Err() != nil:
		return err
	case err != nil:
		problem = finding.Prompt{Dir: string(r.Dir), Sudo: true}.Text(err)
		if problem != s.SelfProblem {
			r.tell(ctx, notify.Warning, "program-not-updated", "openalgo-install was not updated", problem+". openalgo-install and OpenAlgo stay as they are", "self-update")
		}
	case changed:
		r.tell(ctx, notify.Info, "program-updated", "openalgo-install "+newer+" was installed", "OpenAlgo was not touched", "version")
	}
	if s = Load(r.Dir); s == nil || s.SelfProblem == problem {
		return err
	}
	s.SelfProblem = problem
	if kept := r.save(s); err == nil {
		err = kept
	}
	return err
}

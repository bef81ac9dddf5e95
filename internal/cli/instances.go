package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/ops"
	"github.com/marketcalls/openalgo-install/internal/plan"
	"github.com/marketcalls/openalgo-install/internal/present"
	"github.com/marketcalls/openalgo-install/internal/printable"
	"github.com/marketcalls/openalgo-install/internal/publicip"
)

// chooseInstance turns --instance into a directory of its own beside --dir.
func chooseInstance(a *app) error {
	if err := isHere("--dir", a.dir, finding.Hint{Do: "Run openalgo-install on that machine"}); err != nil {
		return err
	}
	if a.instanceName == "" {
		return nil
	}
	if !answers.ValidName(a.instanceName) {
		return usage("--instance: use small letters, digits and dashes, at most 40, for example alpha")
	}
	a.dir = instanceDir(a.dir, a.instanceName)
	return nil
}

func instanceDir(dir, name string) string { return strings.TrimRight(dir, "/") + "-" + name }

// installAll installs a list of instances, each a change of its own: one that
// fails is undone, and does not keep the others from being installed.
func (c *installCommand) installAll(ctx context.Context, all []answers.Named) error {
	out := c.presenter()
	e, machine, err := connect(ctx)
	if err != nil {
		return out.end(event.Result{}, err)
	}
	defer e.Close()
	if c.rehearse {
		return out.end(event.Result{}, usage("--rehearse needs an answers file for one instance"))
	}
	one := func(n answers.Named) (*ops.Session, error) {
		s, err := ops.New(instanceDir(c.dir, n.Name), e, machine, event.ReporterFunc(func(event event.Event) {
			event.Instance = n.Name
			out.Report(event)
		}))
		if err == nil {
			c.follow(s, c.options())
		}
		return s, err
	}
	if c.dryRun {
		return c.planAll(ctx, out, all, one)
	}
	var lines []string
	var failed error
	changed, address := false, false
	var each []event.Installed
	for _, n := range all {
		out.Heading(n.Name)
		s, err := one(n)
		var result event.Result
		if err == nil {
			result, err = s.Do(ctx, ops.Install(n.Answers, len(all)))
			result, err = withAddress(ctx, s, result, err)
		}
		if err == nil {
			present.Owner(out.Run, result, finding.Prompt{Dir: instanceDir(c.dir, n.Name), Sudo: true})
			address = address || result.Address.Known()
		}
		changed = changed || result.Changed
		dir := instanceDir(c.dir, n.Name)
		each = append(each, event.InstalledAs(n.Name, dir, result, err, exitCode(err), finding.Prompt{Dir: dir, Sudo: true}))
		line := fmt.Sprintf("%s: %s", n.Name, result.Message)
		if err != nil {
			line = fmt.Sprintf("%s: FAILED (exit %d): %s", n.Name, exitCode(err), finding.Prompt{Dir: dir, Sudo: true}.Text(err))
			failed = worse(failed, err)
		}
		lines = append(lines, line)
		if ctx.Err() != nil {
			break
		}
	}
	out.Heading("")
	if address {
		lines = append(lines, publicip.Shared)
	}
	summary := strings.Join(lines, "\n")
	if failed != nil {
		return out.end(event.Result{Changed: changed, Instances: each}, &finding.Error{Kind: kindOf(failed), ID: finding.IDOf(failed), Err: errors.New("not every instance could be installed:\n" + summary)})
	}
	return out.end(event.Result{Changed: changed, Message: summary, Instances: each}, nil)
}

// worse is the error whose kind counts for all: what could not be rolled
// back before what could, and that before what was refused.
func worse(a, b error) error {
	if a == nil {
		return b
	}
	rank := map[finding.Kind]int{finding.Broken: 6, finding.RolledBack: 5, finding.Cancelled: 4, finding.Failed: 3, finding.HostNotReady: 2, finding.Usage: 1}
	if rank[kindOf(b)] > rank[kindOf(a)] {
		return b
	}
	return a
}

func (c *installCommand) planAll(ctx context.Context, out *presenter, all []answers.Named, one func(answers.Named) (*ops.Session, error)) error {
	type planned struct {
		Name string     `json:"name"`
		Plan *plan.Plan `json:"plan"`
	}
	var plans []planned
	for _, n := range all {
		s, err := one(n)
		if err != nil {
			return out.end(event.Result{}, err)
		}
		plan, err := s.Plan(ctx, ops.Install(n.Answers, len(all)))
		if err != nil {
			return out.end(event.Result{}, fmt.Errorf("%s: %w", n.Name, err))
		}
		plans = append(plans, planned{n.Name, plan})
	}
	if c.json {
		return c.writeJSON(map[string]any{"instances": plans})
	}
	for _, p := range plans {
		fmt.Fprintf(c.stdout, "%s\n", printable.Line(p.Name))
		present.Plan(c.stdout, p.Plan)
		fmt.Fprintln(c.stdout)
	}
	fmt.Fprintln(c.stdout, "Dry run: nothing was changed.")
	return nil
}

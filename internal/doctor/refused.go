package doctor

import (
	"fmt"
	"slices"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/guard"
	"github.com/marketcalls/openalgo-install/internal/ops"
	"github.com/marketcalls/openalgo-install/internal/plan"
	"github.com/marketcalls/openalgo-install/internal/ports"
	"github.com/marketcalls/openalgo-install/internal/preflight"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// obstacle is what commands refuse to change an instance for.
type obstacle struct {
	problem  *finding.Error
	commands []string // that refuse; none: all do, since nothing could be looked at
}

// nameSet stands for every command that changes settings, domain or answers.
const nameSet = "set"

// commands are all that change an instance which nobody wants to remove or replace,
// each as it asks for least.
func commands(o *world.Observation) []ops.Command {
	out := []ops.Command{ops.Restart(), ops.Start(), ops.Stop(), ops.Reconfigure(nameSet, func(*answers.Answers) error { return nil }),
		ops.Resize(ops.ResizeOptions{}), ops.Backup(ops.BackupOptions{}), ops.Upgrade(""), ops.Rollback()}
	// An install needs what this look has not fetched where it builds an image.
	if a, problems := answers.ParseSaved(o.AnswersText); o.AnswersText != nil && len(problems) == 0 && a.Image.Source == "registry" {
		out = append(out, ops.InstallSaved())
	}
	return out
}

// refused returns what commands refuse in a world as it was surveyed, each problem
// once. It looks at nothing.
func refused(o *world.Observation) (out []obstacle) {
	for _, c := range commands(o) {
		seen := *o
		for _, problem := range finding.Problems(refusal(&seen, c)) {
			out = addObstacle(out, problem, c.Name)
		}
	}
	return out
}

// refusal is why a command does not begin.
func refusal(o *world.Observation, c ops.Command) error {
	i, err := c.Wish(o)
	if err == nil && i.Upgrades() {
		err = toWhatRuns(o, &i)
	}
	if err != nil || i.Restores() { // what a rollback returns to has been looked at for its wish
		return err
	}
	if i.Run != plan.Changed {
		if _, err := plan.ForContainer(o, i); err != nil || i.Run != plan.Archived {
			return err
		}
		return guard.Databases(o)
	}
	if !i.Resizes() {
		if err := ports.Choose(o, &i.Answers); err != nil {
			return err
		}
	}
	if i.Answers.TLS.Mode != "off" && o.Edge.Way == nil && o.Edge.OpenErr == nil {
		return nil // the answers came to be while this looked: nobody saw what serves the domain
	}
	p, err := plan.Draft(o, i)
	if err != nil {
		return err
	}
	return p.Finish(o)
}

// toWhatRuns makes an upgrade one to the image that runs: nothing was fetched of
// another one. Such an upgrade changes nothing, so that its plan does not ask whether
// there is room for the copy that every other one makes.
func toWhatRuns(o *world.Observation, i *plan.Intent) error {
	as, err := ops.Reconfigure(i.Command, func(*answers.Answers) error { return nil }).Wish(o)
	if err != nil {
		return err
	}
	i.Image, i.Answers.Image = as.Image, as.Answers.Image
	var ps preflight.Problems
	preflight.Snapshot(o, &ps)
	return finding.NotReady(ps)
}

// choices are no obstacles: the command has a flag for them, or nothing to do.
var choices = []string{"copy-missing", "image-pinned", "test-app"}

// aboutCommands are problems whose text names the command.
var aboutCommands = []string{"engine-elsewhere", "needs-root", "not-running"}

// addObstacle adds a problem that a command has, unless another one has the same.
func addObstacle(all []obstacle, problem *finding.Error, command string) []obstacle {
	id := finding.IDOf(problem)
	if slices.Contains(choices, id) {
		return all
	}
	for i, known := range all {
		same := finding.IDOf(known.problem) == id && (known.problem.Error() == problem.Error() || slices.Contains(aboutCommands, id))
		if same && !slices.Contains(known.commands, command) {
			all[i].commands = append(known.commands, command)
		}
		if same {
			return all
		}
	}
	return append(all, obstacle{problem, []string{command}})
}

// care are the commands that OpenAlgo runs without.
var care = []string{plan.CommandBackup, plan.CommandRollback, plan.CommandUpgrade}

// level is how bad it is that commands refuse.
func (o obstacle) level() Level {
	foreign := finding.IDOf(o.problem) == "foreign-stack" // it runs, and its own tool changes it
	spared := len(o.commands) > 0 && !slices.ContainsFunc(o.commands, func(name string) bool { return !slices.Contains(care, name) })
	if foreign || spared {
		return Warning
	}
	return Failure
}

// checkOf is the check that a guard of the commands belongs to.
func checkOf(id string) string {
	switch id {
	case "keys", "moved", "owner", "engine":
		return id
	}
	return "changes"
}

// told is the problem as doctor tells it, under the name that the commands use.
func (o obstacle) told() []Finding {
	check, problem := checkOf(finding.IDOf(o.problem)), o.problem
	if check == "changes" {
		who := "every command that changes this instance would be refused"
		if len(o.commands) > 0 && !slices.Contains(o.commands, nameSet) {
			who = "this problem prevents: " + strings.Join(o.commands, ", ")
		}
		problem = &finding.Error{Kind: problem.Kind, ID: "unexpected", Err: fmt.Errorf("%s: %w", who, problem)}
	}
	out := fixed("", of(check, o.level(), problem)) // what a command refuses takes a person
	for i := range out {
		out[i].refused = true
	}
	return out
}

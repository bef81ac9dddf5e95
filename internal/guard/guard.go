// Package guard refuses what would harm an instance: to work on data with other
// keys, on another Docker, in another directory than its own. Every command asks
// it, and so does doctor.
package guard

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/compose"
	docker "github.com/marketcalls/openalgo-install/internal/engine/spec"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/stacks"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// Place refuses a plan by which OpenAlgo would look for its data in
// another place than it is in, and start empty.
func Place(o *world.Observation, stack *compose.Stack) error {
	for _, m := range stack.Spec("").Mounts {
		if m.Target != openalgo.DB || len(o.Data) == 0 || slices.Contains(o.Data, m.Source) {
			continue
		}
		answer := "bind"
		if world.DirectoryOf(m) != "" {
			answer = "named"
		}
		return finding.Named(finding.HostNotReady, "data-elsewhere", "the data of this instance is in %s. With these answers OpenAlgo would use %s and start empty. "+
			"Write `volumes: %s`, then run the same command again", o.Data[0], m.Source, answer)
	}
	return nil
}

// Change is what a change does that a guard must know of.
type Change struct {
	Adopts    bool // another tool's stack is taken over
	Recreates bool // a container that was created for another directory is recreated
}

// Data is the guard of a change that may make a container or data.
func Data(o *world.Observation, c Change) error {
	for _, check := range []func(*world.Observation) error{Engine, remapped, Project} {
		if err := check(o); err != nil {
			return err
		}
	}
	if !c.Recreates {
		if err := placeOfContainer(o); err != nil {
			return err
		}
	}
	if err := foreign(o, c); err != nil {
		return err
	}
	switch {
	case len(o.Data) == 0 && o.Env == nil && o.Unread != nil:
		return finding.Named(finding.HostNotReady, "compose-unusable", "there is no %s, and openalgo-install cannot read %s to find the data: %w. Restore the .env, or move that file away", o.Dir.Env(), compose.FileName, o.Unread)
	case len(o.Data) == 0:
		return moved(o, c)
	}
	return Keys(o)
}

// NotRunning refuses what proves itself by a start where OpenAlgo is stopped.
func NotRunning(name, state, what string) error {
	return finding.Named(finding.HostNotReady, "not-running", "%s is %s, and %s needs a running OpenAlgo, so that the result can be checked", name, state, what).
		With(finding.Run("Start OpenAlgo first", "start"))
}

// All refuses to stop, start, back up or change an instance whose keys, data,
// container and Docker do not belong together. Every command calls it, once it
// has the lock and has looked.
func All(o *world.Observation) error {
	for _, check := range []func(*world.Observation) error{Engine, Project, placeOfContainer, Keys} {
		if err := check(o); err != nil {
			return err
		}
	}
	return nil
}

// placeOfContainer refuses to stop a container whose directory was moved:
// Docker could not start it again.
func placeOfContainer(o *world.Observation) error {
	from := o.MovedFrom()
	if from == "" {
		return nil
	}
	return finding.Named(finding.HostNotReady, "moved", "%s was moved here from %s\n\n"+
		"The container %s uses the .env in the previous directory. If the container stops, Docker cannot start it again.", string(o.Dir), from, o.Container().Name).
		With(finding.Run("Recreate the container for this directory, with the same keys and data. OpenAlgo stops for some seconds", "start"),
			finding.Shell("Move the directory back", fmt.Sprintf("sudo mv %s %s", string(o.Dir), from))).
		Ending(finding.Unchanged)
}

// mounted reports whether a container of this instance has a volume.
func mounted(o *world.Observation, volume string) bool {
	return slices.ContainsFunc(o.Containers, func(c docker.Container) bool {
		return o.Whose[c.ID] == stacks.Own &&
			slices.ContainsFunc(c.Mounts, func(m docker.Mount) bool { return m.Name == volume })
	})
}

// foreign refuses to write over the .env of another tool's stack: its keys
// open its data, whatever project or ports this one would have.
func foreign(o *world.Observation, ch Change) error {
	c := foreignHere(o)
	switch {
	case ch.Adopts || c == nil:
		return nil
	case o.State.IsOurs():
		return finding.Named(finding.HostNotReady, "two-containers", "container %s also uses %s\n\nTwo containers on one database can damage it.", c.Name, o.Dir.Env()).
			With(finding.Shell("Check which one you use, then stop the other", "docker stop "+c.Name)).Ending(finding.Unchanged)
	}
	return finding.Named(finding.HostNotReady, "foreign-stack", "another tool installed %[2]s, and %[1]s has the encryption keys of its data", o.Dir.Env(), c.Name).
		With(finding.Run("Take it over", "adopt"), finding.Hint{Do: "Choose another directory: add --dir to the command"}).Ending(finding.Unchanged)
}

// foreignHere is a container of another tool's that has this directory's .env.
// Beside a stack of ours only one that runs counts: others are left over.
func foreignHere(o *world.Observation) *docker.Container {
	for i, c := range o.All {
		mounted := o.Envs[stacks.EnvSource(c)].Same
		if !o.Owns(c) && mounted && stacks.IsOpenAlgo(c) && (!o.State.IsOurs() || stacks.IsUp(c)) {
			return &o.All[i]
		}
	}
	return nil
}

// Unknown refuses to bring other keys to where data lies that this program
// knows nothing of.
func Unknown(o *world.Observation) error {
	if o.Env == nil || o.State.Project != "" || o.State.Began != "" || !o.HasDB {
		return nil
	}
	return finding.Named(finding.HostNotReady, "foreign-stack", "%s has the .env and the data (db) of an instance that another tool installed. Choose another directory with --dir", string(o.Dir)).Ending(finding.Unchanged)
}

// Project refuses a project that belongs to another directory, and one
// whose name was changed under its data.
func Project(o *world.Observation) error {
	if len(o.Strangers) > 0 {
		c := o.Strangers[0]
		dir := stacks.DirOf(c)
		if source := stacks.EnvSource(c); source != "" && o.Engine.Local {
			dir = filepath.Dir(source)
		}
		return finding.Named(finding.HostNotReady, "owner", "the container %s of the project %q belongs to %s\n\n"+
			"It runs with the .env there, and this directory is %s. The keys of one instance cannot open the data of the other.", c.Name, o.Project, dir, string(o.Dir)).
			With(another(dir)...).Ending(finding.Unchanged)
	}
	for _, place := range o.Data {
		dir := o.Volumes[place].Labels[stacks.LabelDir]
		if !o.Elses(dir) || mounted(o, place) {
			continue
		}
		return finding.Named(finding.HostNotReady, "owner", "the volume %s belongs to the instance in %s, with its .env", place, dir).
			With(another(dir)...).Ending(finding.Unchanged)
	}
	was := o.State.Project
	if was == "" || was == o.Project {
		return nil
	}
	if _, exists := o.Volumes[was+"_openalgo_db"]; !exists {
		return nil
	}
	return finding.Named(finding.HostNotReady, "project-renamed", "the project is now named %q, but the data of this directory is in the volume %s_openalgo_db\n\n"+
		"Under the new name OpenAlgo would start empty.", o.Project, was).
		With(finding.Hint{Do: fmt.Sprintf("Write `name: %s` in %s again (and no other COMPOSE_PROJECT_NAME in .env)", was, o.Dir.Path(compose.FileName))},
			finding.Beside(string(o.Dir), "Start empty in another directory")).Ending(finding.Unchanged)
}

// another is what to do where a name belongs to the OpenAlgo of another directory.
func another(dir string) []finding.Hint {
	return []finding.Hint{
		{Do: fmt.Sprintf("Manage that instance: add --dir %s to the command", dir)},
		{Do: "For a second OpenAlgo, choose a directory with another name"},
	}
}

// moved recognises a directory that was moved or renamed without what
// names its project: keys are here, but no data of this project's name, while
// a volume lies about whose own directory is gone.
func moved(o *world.Observation, c Change) error {
	if o.Env == nil || o.State.Project != "" || o.State.Began == o.Project || c.Adopts { // its container has this .env
		return nil
	}
	var stray []string
	for _, v := range o.Volumes {
		if v.Labels[compose.LabelVolume] != "openalgo_db" {
			continue
		}
		if project := v.Labels[compose.LabelProject]; project != o.Project && !o.Elses(v.Labels[stacks.LabelDir]) && !claimed(o, v.Name) {
			stray = append(stray, project)
		}
	}
	if len(stray) == 0 {
		return nil
	}
	slices.Sort(stray)
	return finding.Named(finding.HostNotReady, "project-renamed", "%s has encryption keys, but the project %q has no data. Data without a directory is in %s",
		o.Dir.Env(), o.Project, strings.Join(volumeNames(stray), ", ")).
		With(finding.Hint{Do: fmt.Sprintf("If you moved or renamed the directory, write the previous name as the first line of %s: `name: %s`", o.Dir.Path(compose.FileName), stray[0])},
			finding.Beside(string(o.Dir), "Start empty in another directory")).Ending(finding.Unchanged)
}

// claimed reports whether a container of another directory that has its .env mounts the volume.
func claimed(o *world.Observation, volume string) bool {
	for _, c := range o.All {
		for _, m := range c.Mounts {
			if m.Name != volume {
				continue
			}
			if o.Elses(stacks.DirOf(c)) {
				return true
			}
		}
	}
	return false
}

func volumeNames(projects []string) []string {
	var out []string
	for _, p := range projects {
		out = append(out, p+"_openalgo_db")
	}
	return out
}

package plan

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

// guardPlace refuses a plan by which OpenAlgo would look for its data in
// another place than it is in, and start empty.
func guardPlace(o *world.Observation, i Intent, stack *compose.Stack) error {
	for _, m := range stack.Spec("").Mounts {
		if i.Data == ToVolumes || m.Target != openalgo.DB || len(o.Data) == 0 || slices.Contains(o.Data, m.Source) {
			continue
		}
		answer := "bind"
		if world.DirectoryOf(m) != "" {
			answer = "named"
		}
		return finding.Errorf(finding.HostNotReady, "the data of this OpenAlgo is in %s, and by these answers it would look in %s and start empty. "+
			"Write `volumes: %s` and run this again", o.Data[0], m.Source, answer)
	}
	return nil
}

// GuardData is the guard of a change that may make a container or data.
func GuardData(o *world.Observation, i Intent) error {
	if err := GuardEngine(o); err != nil {
		return err
	}
	if err := GuardProject(o); err != nil {
		return err
	}
	if i.Command != CommandInstall && i.Command != CommandStart { // these recreate it
		if err := guardPlaceOfContainer(o); err != nil {
			return err
		}
	}
	if err := guardForeign(o, i); err != nil {
		return err
	}
	switch {
	case len(o.Data) == 0 && o.Env == nil && o.Unread != nil:
		return finding.Errorf(finding.HostNotReady, "there is no %s, and %s, which would say where its data is, can't be read: %w. "+
			"Bring the .env back, or move that file away", o.Dir.Env(), compose.FileName, o.Unread)
	case len(o.Data) == 0:
		return guardMoved(o, i)
	}
	return GuardKeys(o)
}

// Guard refuses to stop, start, back up or change an instance whose keys, data,
// container and Docker do not belong together. Every command calls it, once it
// has the lock and has looked.
func Guard(o *world.Observation) error {
	for _, check := range []func(*world.Observation) error{GuardEngine, GuardProject, guardPlaceOfContainer, GuardKeys} {
		if err := check(o); err != nil {
			return err
		}
	}
	return nil
}

// GuardEngine refuses to look for an instance on a Docker that is not its own.
func GuardEngine(o *world.Observation) error {
	was, now := o.State.Engine, world.RefOf(o.Engine)
	if o.Container() != nil || !was.IsAnother(now) {
		return nil
	}
	labelled := false
	for _, v := range o.Volumes {
		labelled = labelled || o.Here(v.Labels[stacks.LabelDir])
	}
	if labelled && !o.ElsewhereAnswers {
		return nil // that one is gone, and its data is here
	}
	return &finding.Error{Kind: finding.HostNotReady, Err: &finding.Refusal{Check: "engine",
		What: fmt.Sprintf("the OpenAlgo in %s runs on another Docker, at %s", string(o.Dir), was.Endpoint),
		Why:  fmt.Sprintf("The Docker in use now (%s) has neither its container nor its data.", now.Endpoint),
		Ways: []finding.Way{
			{Do: "Name that Docker, then run the same command again", Run: "export DOCKER_HOST=" + was.Endpoint},
			{Do: "If that Docker is gone for good, its volumes are gone too. Restore a backup into another directory",
				Run: fmt.Sprintf("sudo openalgo-install --dir %s-new restore FILE", string(o.Dir))}},
		End: "Nothing was changed."}}
}

// guardPlaceOfContainer refuses to stop a container whose directory was moved:
// Docker could not start it again.
func guardPlaceOfContainer(o *world.Observation) error {
	from := o.MovedFrom()
	if from == "" {
		return nil
	}
	return &finding.Error{Kind: finding.HostNotReady, Err: &finding.Refusal{Check: "moved",
		What: fmt.Sprintf("%s was moved here from %s", string(o.Dir), from),
		Why: fmt.Sprintf("The container %s was created for that place, and its .env is no longer there. "+
			"Once the container is stopped, Docker cannot start it again.", o.Container().Name),
		Ways: []finding.Way{
			{Do: "Recreate the container for this place, with the same keys and data. OpenAlgo stops for some seconds",
				Run: fmt.Sprintf("sudo openalgo-install --dir %s start", string(o.Dir))},
			{Do: "Move the directory back", Run: fmt.Sprintf("sudo mv %s %s", string(o.Dir), from)}},
		End: "Nothing was changed."}}
}

// mounted reports whether a container of this instance has a volume.
func mounted(o *world.Observation, volume string) bool {
	return slices.ContainsFunc(o.Containers, func(c docker.Container) bool {
		return o.Whose[c.ID] == stacks.Own &&
			slices.ContainsFunc(c.Mounts, func(m docker.Mount) bool { return m.Name == volume })
	})
}

// guardForeign refuses to write over the .env of another tool's stack: its keys
// open its data, whatever project or ports this one would have.
func guardForeign(o *world.Observation, i Intent) error {
	c := ForeignHere(o)
	switch {
	case i.Adopts() || c == nil:
		return nil
	case o.State.IsOurs():
		return finding.Errorf(finding.HostNotReady, "container %s also uses %s\n\nTwo OpenAlgos on one database can damage it. Check which one you use, then stop the other:\n\n    docker stop %[1]s\n\nNothing was changed.", c.Name, o.Dir.Env())
	}
	return finding.Errorf(finding.HostNotReady, "%s is the .env of %s, an OpenAlgo that another tool made, and holds the keys of its data: "+
		"`openalgo-install adopt` takes it over, or --dir names another directory. Nothing was changed", o.Dir.Env(), c.Name)
}

// ForeignHere is a container of another tool's that has this directory's .env.
// Beside a stack of ours only one that runs counts: others are left over.
func ForeignHere(o *world.Observation) *docker.Container {
	for i, c := range o.All {
		mounted := o.Envs[stacks.EnvSource(c)].Same
		if !o.Owns(c) && mounted && stacks.IsOpenAlgo(c) && (!o.State.IsOurs() || stacks.IsUp(c)) {
			return &o.All[i]
		}
	}
	return nil
}

// GuardUnknown refuses to bring other keys to where data lies that this program
// knows nothing of.
func GuardUnknown(o *world.Observation) error {
	if o.Env == nil || o.State.Project != "" || o.State.Began != "" || !o.HasDB {
		return nil
	}
	return finding.Errorf(finding.HostNotReady, "%s holds the .env and the data (db) of an OpenAlgo that this program did not make: "+
		"--dir names another directory. Nothing was changed", string(o.Dir))
}

// GuardProject refuses a project that belongs to another directory, and one
// whose name was changed under its data.
func GuardProject(o *world.Observation) error {
	if len(o.Strangers) > 0 {
		c := o.Strangers[0]
		dir := stacks.DirOf(c)
		if source := stacks.EnvSource(c); source != "" && o.Engine.Local {
			dir = filepath.Dir(source)
		}
		return &finding.Error{Kind: finding.HostNotReady, Err: &finding.Refusal{Check: "owner",
			What: fmt.Sprintf("the container %s of the project %q belongs to %s", c.Name, o.Project, dir),
			Why:  fmt.Sprintf("It runs with the .env there, and this directory is %s. The keys of one would meet the data of the other.", string(o.Dir)),
			Ways: []finding.Way{{Do: fmt.Sprintf("Work on that OpenAlgo: add --dir %s to the command", dir)},
				{Do: "For a second OpenAlgo, choose a directory with another name"}},
			End: "Nothing was changed."}}
	}
	for _, place := range o.Data {
		dir := o.Volumes[place].Labels[stacks.LabelDir]
		if !o.Elses(dir) || mounted(o, place) {
			continue
		}
		return finding.Errorf(finding.HostNotReady, "the volume %s belongs to %s, where its .env is. "+
			"To work on that OpenAlgo, add --dir %s to the command. For a second OpenAlgo, choose a directory with another name", place, dir, dir)
	}
	was := o.State.Project
	if was == "" || was == o.Project {
		return nil
	}
	if _, exists := o.Volumes[was+"_openalgo_db"]; !exists {
		return nil
	}
	return finding.Errorf(finding.HostNotReady, "the project is now called %q, but the data of this directory is in the volume %s_openalgo_db. "+
		"Under the new name OpenAlgo would start empty. Write `name: %s` in %s again (and no other COMPOSE_PROJECT_NAME in .env), "+
		"or start empty in another directory: `openalgo-install --dir %s-new`",
		o.Project, was, was, o.Dir.Path(compose.FileName), string(o.Dir))
}

// guardMoved recognises a directory that was moved or renamed without what
// names its project: keys are here, but no data of this project's name, while
// a volume lies about whose own directory is gone.
func guardMoved(o *world.Observation, i Intent) error {
	if o.Env == nil || o.State.Project != "" || o.State.Began == o.Project || i.Adopts() { // its container has this .env
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
	return finding.Errorf(finding.HostNotReady, "%s holds keys, but there is no data under the project name %q; data that no directory claims is in %s. "+
		"If the directory was moved or renamed, write the previous name as the first line of %s: `name: %s`. "+
		"To start empty instead, use another directory: `openalgo-install --dir %s-new`",
		o.Dir.Env(), o.Project, strings.Join(volumeNames(stray), ", "),
		o.Dir.Path(compose.FileName), stray[0], string(o.Dir))
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

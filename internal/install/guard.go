package install

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/marketcalls/openalgo-install/internal/compose"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
)

// LabelDir is a volume's label with the directory that its keys are in.
const LabelDir = "io.openalgo.install.dir"

// dataPlaces names every place where this instance's databases may be and
// something is: volumes, or a directory that is mounted in their stead. It goes
// by what the container mounts, what docker-compose.yaml says, and the name
// that we would give, since each may have been changed by hand.
func (in *Installer) dataPlaces(ctx context.Context, o *observed) []string {
	var out []string
	add := func(volume, directory string) {
		if _, exists := o.volumes[volume]; exists && !slices.Contains(out, volume) {
			out = append(out, volume)
		}
		if entries, err := os.ReadDir(directory); directory != "" && err == nil && len(entries) > 0 && !slices.Contains(out, directory) {
			out = append(out, directory)
		}
	}
	add(o.project+"_openalgo_db", "")
	for _, c := range o.containers {
		for _, m := range c.Mounts {
			if m.Target == openalgo.DB {
				add(m.Name, bindSource(m))
			}
		}
	}
	if o.composeText == nil {
		return out
	}
	src := compose.Source{Dir: string(in.dir), Env: o.envText,
		Files: []compose.File{{Path: in.dir.Path(compose.FileName), Content: o.composeText}}}
	if o.override != nil {
		src.Files = append(src.Files, *o.override)
	}
	stack, err := compose.Load(src)
	if err != nil {
		o.unread = err
		return out
	}
	for _, m := range stack.Spec("").Mounts {
		if m.Target == openalgo.DB {
			add(m.Source, bindSource(m))
		}
	}
	return out
}

func bindSource(m engine.Mount) string {
	if m.Type == "bind" {
		return m.Source
	}
	return ""
}

// guardData is the guard of a change that may make a container or data.
func (in *Installer) guardData(o *observed, i Intent) error {
	if err := in.guardEngine(o); err != nil {
		return err
	}
	if err := in.guardProject(o); err != nil {
		return err
	}
	if i.Command != commandInstall && i.Command != commandStart { // these recreate it
		if err := in.guardPlaceOfContainer(o); err != nil {
			return err
		}
	}
	if err := in.guardForeign(o, i); err != nil {
		return err
	}
	switch {
	case len(o.data) == 0 && o.env == nil && o.unread != nil:
		return finding.Errorf(finding.HostNotReady, "there is no %s, and %s, which would say where its data is, can't be read: %w. "+
			"Bring the .env back, or move that file away", in.dir.Env(), compose.FileName, o.unread)
	case len(o.data) == 0:
		return in.guardMoved(o, i)
	}
	return in.guardKeys(o)
}

// guard refuses to stop, start, back up or change an instance whose keys, data,
// container and Docker do not belong together. Every command calls it, once it
// has the lock and has looked.
func (in *Installer) guard(o *observed) error {
	for _, check := range []func(*observed) error{in.guardEngine, in.guardProject, in.guardPlaceOfContainer, in.guardKeys} {
		if err := check(o); err != nil {
			return err
		}
	}
	return nil
}

// Refusal is what keeps every command from changing this instance; nil when
// nothing does.
func (in *Installer) Refusal(ctx context.Context) *finding.Refusal {
	o, err := in.observe(ctx)
	if err != nil {
		return nil
	}
	o.findByMount(string(in.dir), in.Engine.Info().Local)
	return finding.RefusalOf(in.guard(o))
}

// guardEngine refuses to look for an instance on a Docker that is not its own.
func (in *Installer) guardEngine(o *observed) error {
	was, now := o.state.Engine, engineOf(in.Engine)
	if o.container() != nil || !was.IsAnother(now) {
		return nil
	}
	labelled := false
	for _, v := range o.volumes {
		labelled = labelled || v.Labels[LabelDir] != "" && sameFile(v.Labels[LabelDir], string(in.dir))
	}
	if labelled && !answersAt(was.Endpoint) {
		return nil // that one is gone, and its data is here
	}
	return &finding.Error{Kind: finding.HostNotReady, Err: &finding.Refusal{Check: "engine",
		What: fmt.Sprintf("the OpenAlgo in %s runs on another Docker, at %s", string(in.dir), was.Endpoint),
		Why:  fmt.Sprintf("The Docker in use now (%s) has neither its container nor its data.", now.Endpoint),
		Ways: []finding.Way{
			{Do: "Name that Docker, then run the same command again", Run: "export DOCKER_HOST=" + was.Endpoint},
			{Do: "If that Docker is gone for good, its volumes are gone too. Restore a backup into another directory",
				Run: fmt.Sprintf("sudo openalgo-install --dir %s-new restore FILE", string(in.dir))}},
		End: "Nothing was changed."}}
}

// answersAt reports whether something listens at an endpoint, as far as it is
// on this machine; others may.
func answersAt(endpoint string) bool {
	path, local := strings.CutPrefix(endpoint, "unix://")
	if !local {
		return true
	}
	conn, err := net.DialTimeout("unix", path, time.Second)
	if err != nil {
		return errors.Is(err, os.ErrPermission)
	}
	_ = conn.Close()
	return true
}

// guardPlaceOfContainer refuses to stop a container whose directory was moved:
// Docker could not start it again.
func (in *Installer) guardPlaceOfContainer(o *observed) error {
	from := o.movedFrom(string(in.dir), in.Engine.Info().Local)
	if from == "" {
		return nil
	}
	return &finding.Error{Kind: finding.HostNotReady, Err: &finding.Refusal{Check: "moved",
		What: fmt.Sprintf("%s was moved here from %s", string(in.dir), from),
		Why: fmt.Sprintf("The container %s was created for that place, and its .env is no longer there. "+
			"Once the container is stopped, Docker cannot start it again.", o.container().Name),
		Ways: []finding.Way{
			{Do: "Recreate the container for this place, with the same keys and data. OpenAlgo stops for some seconds",
				Run: fmt.Sprintf("sudo openalgo-install --dir %s start", string(in.dir))},
			{Do: "Move the directory back", Run: fmt.Sprintf("sudo mv %s %s", string(in.dir), from)}},
		End: "Nothing was changed."}}
}

// mounted reports whether a container of this instance has a volume.
func (in *Installer) mounted(o *observed, volume string) bool {
	return slices.ContainsFunc(o.containers, func(c engine.Container) bool {
		return whoseIs(c, string(in.dir), in.Engine.Info().Local) == own &&
			slices.ContainsFunc(c.Mounts, func(m engine.Mount) bool { return m.Name == volume })
	})
}

// guardForeign refuses to write over the .env of another tool's stack: its keys
// open its data, whatever project or ports this one would have.
func (in *Installer) guardForeign(o *observed, i Intent) error {
	c := in.foreignHere(o)
	switch {
	case i.adopts() || c == nil:
		return nil
	case o.state.IsOurs():
		return finding.Errorf(finding.HostNotReady, "container %s also uses %s\n\nTwo OpenAlgos on one database can damage it. Check which one you use, then stop the other:\n\n    docker stop %[1]s\n\nNothing was changed.", c.Name, in.dir.Env())
	}
	return finding.Errorf(finding.HostNotReady, "%s is the .env of %s, an OpenAlgo that another tool made, and holds the keys of its data: "+
		"`openalgo-install adopt` takes it over, or --dir names another directory. Nothing was changed", in.dir.Env(), c.Name)
}

// foreignHere is a container of another tool's that has this directory's .env.
// Beside a stack of ours only one that runs counts: others are left over.
func (in *Installer) foreignHere(o *observed) *engine.Container {
	for i, c := range o.all {
		mounted := slices.ContainsFunc(c.Mounts, func(m engine.Mount) bool { return m.Target == openalgo.Env && sameFile(m.Source, in.dir.Env()) })
		if !o.owns(c) && mounted && isOpenAlgo(c) && (!o.state.IsOurs() || isUp(c)) {
			return &o.all[i]
		}
	}
	return nil
}

// guardUnknown refuses to bring other keys to where data lies that this program
// knows nothing of.
func (in *Installer) guardUnknown(o *observed) error {
	entries, _ := os.ReadDir(in.dir.Path("db"))
	if o.env == nil || o.state.Project != "" || o.state.Began != "" || len(entries) == 0 {
		return nil
	}
	return finding.Errorf(finding.HostNotReady, "%s holds the .env and the data (db) of an OpenAlgo that this program did not make: "+
		"--dir names another directory. Nothing was changed", string(in.dir))
}

// guardProject refuses a project that belongs to another directory, and one
// whose name was changed under its data.
func (in *Installer) guardProject(o *observed) error {
	if len(o.strangers) > 0 {
		c := o.strangers[0]
		dir := dirOf(c)
		if source := envSource(c); source != "" && in.Engine.Info().Local {
			dir = filepath.Dir(source)
		}
		return &finding.Error{Kind: finding.HostNotReady, Err: &finding.Refusal{Check: "owner",
			What: fmt.Sprintf("the container %s of the project %q belongs to %s", c.Name, o.project, dir),
			Why:  fmt.Sprintf("It runs with the .env there, and this directory is %s. The keys of one would meet the data of the other.", string(in.dir)),
			Ways: []finding.Way{{Do: fmt.Sprintf("Work on that OpenAlgo: add --dir %s to the command", dir)},
				{Do: "For a second OpenAlgo, choose a directory with another name"}},
			End: "Nothing was changed."}}
	}
	for _, place := range o.data {
		dir := o.volumes[place].Labels[LabelDir]
		if dir == "" || sameFile(dir, string(in.dir)) || !hasEnv(dir) || in.mounted(o, place) {
			continue
		}
		return finding.Errorf(finding.HostNotReady, "the volume %s belongs to %s, where its .env is. "+
			"To work on that OpenAlgo, add --dir %s to the command. For a second OpenAlgo, choose a directory with another name", place, dir, dir)
	}
	was := o.state.Project
	if was == "" || was == o.project {
		return nil
	}
	if _, exists := o.volumes[was+"_openalgo_db"]; !exists {
		return nil
	}
	return finding.Errorf(finding.HostNotReady, "the project is now called %q, but the data of this directory is in the volume %s_openalgo_db. "+
		"Under the new name OpenAlgo would start empty. Write `name: %s` in %s again (and no other COMPOSE_PROJECT_NAME in .env), "+
		"or begin anew in another directory: `openalgo-install --dir %s-new`",
		o.project, was, was, in.dir.Path(compose.FileName), string(in.dir))
}

// guardMoved recognises a directory that was moved or renamed without what
// names its project: keys are here, but no data of this project's name, while
// a volume lies about whose own directory is gone.
func (in *Installer) guardMoved(o *observed, i Intent) error {
	if o.env == nil || o.state.Project != "" || o.state.Began == o.project || i.adopts() { // its container has this .env
		return nil
	}
	var stray []string
	for _, v := range o.volumes {
		if v.Labels[compose.LabelVolume] != "openalgo_db" {
			continue
		}
		if project := v.Labels[compose.LabelProject]; project != o.project && !in.elses(v.Labels[LabelDir]) && !in.claimed(o.all, v.Name) {
			stray = append(stray, project)
		}
	}
	if len(stray) == 0 {
		return nil
	}
	slices.Sort(stray)
	return finding.Errorf(finding.HostNotReady, "%s holds keys, but there is no data under the project name %q; data that no directory claims is in %s. "+
		"If the directory was moved or renamed, write the former name as the first line of %s: `name: %s`. "+
		"To begin anew instead, use another directory: `openalgo-install --dir %s-new`",
		in.dir.Env(), o.project, strings.Join(volumeNames(stray), ", "),
		in.dir.Path(compose.FileName), stray[0], string(in.dir))
}

// elses reports whether a directory is another one than ours, and has a .env.
func (in *Installer) elses(dir string) bool { return hasEnv(dir) && !sameFile(dir, string(in.dir)) }

// claimed reports whether a container of another directory that has its .env mounts the volume.
func (in *Installer) claimed(all []engine.Container, volume string) bool {
	for _, c := range all {
		for _, m := range c.Mounts {
			if m.Name != volume {
				continue
			}
			if in.elses(dirOf(c)) {
				return true
			}
		}
	}
	return false
}

func hasEnv(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, instance.EnvName))
	return dir != "" && err == nil
}

func volumeNames(projects []string) []string {
	var out []string
	for _, p := range projects {
		out = append(out, p+"_openalgo_db")
	}
	return out
}

func sameFile(a, b string) bool {
	if filepath.Clean(a) == filepath.Clean(b) {
		return true
	}
	x, err1 := os.Stat(a)
	y, err2 := os.Stat(b)
	return err1 == nil && err2 == nil && os.SameFile(x, y)
}

package install

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/compose"
	"github.com/marketcalls/openalgo-install/internal/engine"
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
			if m.Target == DataTarget {
				add(m.Name, bindSource(m))
			}
		}
	}
	if o.composeText == nil {
		return out
	}
	src := compose.Source{Dir: in.work.dir, Env: o.envText,
		Files: []compose.File{{Path: filepath.Join(in.work.dir, compose.FileName), Content: o.composeText}}}
	if o.override != nil {
		src.Files = append(src.Files, *o.override)
	}
	stack, err := compose.Load(ctx, src)
	if err != nil {
		o.unread = err
		return out
	}
	for _, m := range stack.Spec("").Mounts {
		if m.Target == DataTarget {
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

// guardData stops a run that would bring data and keys apart: API_KEY_PEPPER
// and FERNET_SALT open the database, and nothing else does
// (facts/upstream.md 9.1).
func (in *Installer) guardData(o *observed) error {
	if err := in.guardProject(o); err != nil {
		return err
	}
	if err := in.guardForeign(o); err != nil {
		return err
	}
	switch {
	case len(o.data) == 0 && o.env == nil && o.unread != nil:
		return fail(ExitHost, "there is no %s, and %s, which would say where its data is, can't be read: %w. "+
			"Bring the .env back, or move that file away", in.work.env(), compose.FileName, o.unread)
	case len(o.data) == 0:
		return in.guardMoved(o)
	case o.env == nil:
		return fail(ExitHost, "%s", in.keysMissing(o, o.data[0]))
	}
	return in.guardKeys(o)
}

// guardForeign refuses to write over the .env of another tool's stack: its keys
// open its data, whatever project or ports this one would have.
func (in *Installer) guardForeign(o *observed) error {
	c := in.foreignHere(o)
	switch {
	case in.adopting || c == nil:
		return nil
	case o.state.ours():
		return fail(ExitHost, "container %s also uses %s\n\nTwo OpenAlgos on one database can damage it. Check which one you use, then stop the other:\n\n    docker stop %[1]s\n\nNothing was changed.", c.Name, in.work.env())
	}
	return fail(ExitHost, "%s is the .env of %s, an OpenAlgo that another tool made, and holds the keys of its data: "+
		"`openalgo-install adopt` takes it over, or --dir names another directory. Nothing was changed", in.work.env(), c.Name)
}

// foreignHere is a container of another tool's that has this directory's .env.
// Beside a stack of ours only one that runs counts: others are left over.
func (in *Installer) foreignHere(o *observed) *engine.Container {
	for i, c := range o.all {
		mounted := slices.ContainsFunc(c.Mounts, func(m engine.Mount) bool { return m.Target == EnvTarget && sameFile(m.Source, in.work.env()) })
		if !o.owns(c) && mounted && isOpenAlgo(c) && (!o.state.ours() || isUp(c)) {
			return &o.all[i]
		}
	}
	return nil
}

// guardUnknown refuses to bring other keys to where data lies that this program
// knows nothing of.
func (in *Installer) guardUnknown(o *observed) error {
	entries, _ := os.ReadDir(filepath.Join(in.work.dir, "db"))
	if o.env == nil || o.state.Project != "" || o.state.Began != "" || len(entries) == 0 {
		return nil
	}
	return fail(ExitHost, "%s holds the .env and the data (db) of an OpenAlgo that this program did not make: "+
		"--dir names another directory. Nothing was changed", in.work.dir)
}

// guardKeys refuses keys that are not those which the stack last ran with.
func (in *Installer) guardKeys(o *observed) error {
	if key := o.state.otherKey(o.env); key != "" {
		return fail(ExitHost, "%s in %s is not the one that this stack last ran with, and only that one opens its data. "+
			"Bring the former .env back (%s has copies). If you replaced the database together with its .env, "+
			"remove %s and run this again", key, in.work.env(), in.work.path("backups"), in.work.path("state.json"))
	}
	return nil
}

// guardProject refuses a project that belongs to another directory, and one
// whose name was changed under its data.
func (in *Installer) guardProject(o *observed) error {
	for _, c := range o.containers {
		dir := c.Labels[compose.LabelWorkingDir]
		if dir == "" || sameFile(dir, in.work.dir) {
			continue
		}
		if hasEnv(dir) {
			return fail(ExitHost, "the project %q belongs to %s, where it has its .env. "+
				"Use `--dir %s`, or choose a directory with another name for a second OpenAlgo", o.project, dir, dir)
		}
	}
	for _, place := range o.data {
		dir := o.volumes[place].Labels[LabelDir]
		if dir == "" || sameFile(dir, in.work.dir) {
			continue
		}
		if hasEnv(dir) {
			return fail(ExitHost, "the volume %s belongs to %s, where its .env is. "+
				"Use `--dir %s`, or choose a directory with another name for a second OpenAlgo", place, dir, dir)
		}
	}
	was := o.state.Project
	if was == "" || was == o.project {
		return nil
	}
	if _, exists := o.volumes[was+"_openalgo_db"]; !exists {
		return nil
	}
	return fail(ExitHost, "the project is now called %q, but the data of this directory is in the volume %s_openalgo_db. "+
		"Under the new name OpenAlgo would start empty. Write `name: %s` in %s again (and no other COMPOSE_PROJECT_NAME in .env), "+
		"or begin anew in another directory: `openalgo-install --dir %s-new`",
		o.project, was, was, filepath.Join(in.work.dir, compose.FileName), in.work.dir)
}

// guardMoved recognises a directory that was moved or renamed without what
// names its project: keys are here, but no data of this project's name, while
// a volume lies about whose own directory is gone.
func (in *Installer) guardMoved(o *observed) error {
	if o.env == nil || o.state.Project != "" || o.state.Began == o.project {
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
	return fail(ExitHost, "%s holds keys, but there is no data under the project name %q; data that no directory claims is in %s. "+
		"If the directory was moved or renamed, write the former name as the first line of %s: `name: %s`. "+
		"To begin anew instead, use another directory: `openalgo-install --dir %s-new`",
		in.work.env(), o.project, strings.Join(volumeNames(stray), ", "),
		filepath.Join(in.work.dir, compose.FileName), stray[0], in.work.dir)
}

// elses reports whether a directory is another one than ours, and has a .env.
func (in *Installer) elses(dir string) bool { return hasEnv(dir) && !sameFile(dir, in.work.dir) }

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
	_, err := os.Stat(filepath.Join(dir, envName))
	return dir != "" && err == nil
}

func volumeNames(projects []string) []string {
	var out []string
	for _, p := range projects {
		out = append(out, p+"_openalgo_db")
	}
	return out
}

// keysMissing names the volume, the places where its .env may be, and the two
// ways on.
func (in *Installer) keysMissing(o *observed, place string) string {
	var b strings.Builder
	if _, volume := o.volumes[place]; volume {
		b.WriteString("the volume ")
	}
	fmt.Fprintf(&b, "%s holds an OpenAlgo database, and the .env with the keys that open it is missing: %s. "+
		"New keys can't open it, so nothing was changed.\nIts .env may be here:", place, in.work.env())
	found := in.envCandidates(o, place)
	if len(found) == 0 {
		b.WriteString("\n  - in a backup of yours (openalgo-backup and your host's snapshots keep .env with the database)")
	}
	for _, place := range found {
		b.WriteString("\n  - " + place)
	}
	fmt.Fprintf(&b, "\nTwo ways on:\n  1. bring the .env back to %s and run this again;\n"+
		"  2. begin anew under another name, the old data stays: openalgo-install --dir %s-new", in.work.env(), in.work.dir)
	return b.String()
}

func (in *Installer) envCandidates(o *observed, place string) []string {
	var out []string
	copies, _ := in.work.backups(envName)
	if len(copies) > 0 {
		last := copies[len(copies)-1]
		out = append(out, fmt.Sprintf("our own backup: cp -p %s %s", last, in.work.env()))
	}
	for _, c := range o.all {
		if !slices.ContainsFunc(c.Mounts, func(m engine.Mount) bool { return m.Name == place || m.Source == place }) {
			continue
		}
		for _, m := range c.Mounts {
			if m.Target != EnvTarget {
				continue
			}
			if _, err := os.Stat(m.Source); err == nil && !sameFile(m.Source, in.work.env()) {
				out = append(out, fmt.Sprintf("the former directory: cp -p %s %s", m.Source, in.work.env()))
			} else if c.State == "running" {
				out = append(out, fmt.Sprintf("the container %s still has it open: (umask 077; docker exec %s cat /app/.env > %s) && chown 1000:1000 %s",
					c.Name, c.Name, in.work.env(), in.work.env()))
			} else {
				out = append(out, fmt.Sprintf("%s, where the container %s had it", m.Source, c.Name))
			}
		}
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

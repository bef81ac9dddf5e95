package surplus

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"slices"
	"time"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/backup"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/image"
	"github.com/marketcalls/openalgo-install/internal/image/spec"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/logsize"
	"github.com/marketcalls/openalgo-install/internal/readfile"
	"github.com/marketcalls/openalgo-install/internal/stacks"
	"github.com/marketcalls/openalgo-install/internal/tree"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// registryTime bounds what a registry is asked about all images.
const registryTime = 20 * time.Second

// Look looks at what an instance keeps.
func Look(ctx context.Context, l *world.Looker, o *world.Observation) (Seen, error) {
	s := Seen{Now: o.Now, Project: o.Project, Runs: o.State.ImageID, Used: map[string]bool{}, Pulled: map[string]bool{}}
	var err error
	if s.Images, err = l.Engine.List(ctx); err != nil {
		return s, err
	}
	refs := []string{o.State.ImageRef}
	if a, problems := answers.ParseSaved(o.AnswersText); o.AnswersText != nil && len(problems) == 0 && a.Image.Source == "registry" {
		refs = append(refs, a.Image.Ref)
	}
	for _, name := range []string{instance.Snapshot, instance.Replaced} {
		m, err := manifestOf(l.Dir, name, instance.ReadOwn)
		if err != nil {
			return s, err
		}
		if m == nil {
			continue
		}
		c := Copy{Name: name, Image: m.Image.ID, Made: m.Created}
		c.Bytes, _ = tree.Bytes(l.Dir.Work(name)) // what cannot be measured may still go
		s.Copies, refs = append(s.Copies, c), append(refs, m.Image.Ref)
	}
	for _, ref := range refs {
		if repository := spec.RepositoryOf(ref); ref != "" && !image.IsBuild(ref) && !slices.Contains(s.Repositories, repository) {
			s.Repositories = append(s.Repositories, repository)
		}
	}
	for _, c := range o.Every {
		s.Used[c.ImageID] = true
	}
	s.Alone = o.Engine.Local && lookAtOthers(o, &s)
	if c := o.Container(); c != nil {
		s.Logs = logsize.Of(*c, o.Engine.Local, nil)
	}
	lookAtRegistry(ctx, l.Engine, &s)
	return s, nil
}

// manifestOf is what a copy of data says of itself; nil where there is none.
func manifestOf(d instance.Dir, name string, read func(string) ([]byte, error)) (*backup.Manifest, error) {
	path := d.Work(name + "/" + backup.CopyManifest)
	text, err := read(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	m := &backup.Manifest{}
	if err == nil {
		err = json.Unmarshal(text, m)
	}
	if err != nil {
		return nil, finding.Named(finding.HostNotReady, "copy-damaged", "cannot read %s to see what that instance needs: %w", path, err)
	}
	return m, nil
}

// lookAtOthers notes the images that other instances of this Docker need. It reports
// whether all could be asked, and none that has images of the same repositories is
// being changed.
func lookAtOthers(o *world.Observation, s *Seen) (all bool) {
	var dirs []string
	for _, c := range o.All {
		dirs = append(dirs, stacks.DirOf(c))
	}
	for _, v := range o.Volumes {
		dirs = append(dirs, v.Labels[stacks.LabelDir])
	}
	slices.Sort(dirs)
	all = true
	for _, dir := range slices.Compact(dirs) {
		if dir == "" || o.Here(dir) {
			continue
		}
		d := instance.Dir(dir)
		state, err := stateOf(d)
		s.Used[state.ImageID] = true
		for _, name := range []string{instance.Snapshot, instance.Replaced} {
			m, unread := manifestOf(d, name, ofOthers)
			if err = errors.Join(err, unread); m != nil {
				s.Used[m.Image.ID] = true
			}
		}
		all = all && err == nil && (!s.shares(state.ImageRef) || !isChanged(d))
	}
	return all
}

// ofOthers reads a file of another instance, which may be another user's: what it says
// keeps images, and nothing else.
func ofOthers(path string) ([]byte, error) { return readfile.NoLink(path, readfile.Own) }

// stateOf is what the last run on another instance left.
func stateOf(d instance.Dir) (s instance.State, err error) {
	text, err := ofOthers(d.Work("state.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &s)
	}
	return s, err
}

// shares reports whether an image of another instance is one that this instance may
// have, too.
func (s *Seen) shares(ref string) bool {
	return image.IsBuild(ref) || slices.Contains(s.Repositories, spec.RepositoryOf(ref))
}

// isChanged reports whether a run on an instance is under way, or was interrupted.
func isChanged(d instance.Dir) bool {
	if !d.WasLocked() {
		return d.HasJournal()
	}
	held, _, err := d.TryLock()
	if err != nil || held == nil {
		return true
	}
	defer held.Release()
	return d.HasJournal()
}

// lookAtRegistry finds out which images a registry can give again. Where an image's
// digest does not tell, the registry is asked; without an answer it is none.
func lookAtRegistry(ctx context.Context, e world.Engine, s *Seen) {
	ctx, cancel := context.WithTimeout(ctx, registryTime)
	defer cancel()
	for _, i := range s.Images {
		for _, repository := range s.Repositories {
			if !s.Used[i.ID] && i.ID != s.Runs && i.DigestIn(repository) != "" {
				s.Pulled[i.ID] = s.Pulled[i.ID] || image.InRegistry(ctx, e, i, repository)
			}
		}
	}
}

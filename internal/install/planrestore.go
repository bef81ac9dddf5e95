package install

import (
	"bytes"
	"fmt"
	"path/filepath"

	"github.com/aymanbagabas/go-udiff"

	"github.com/marketcalls/openalgo-install/internal/compose"
	"github.com/marketcalls/openalgo-install/internal/envfile"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/step"
)

// basis is what a plan begins from: what is here, with the files of a backup in
// its place where one is restored. The keys of .env belong to the data.
func basis(o *observed, i Intent) *observed {
	r := i.Backup
	if r == nil {
		return o
	}
	b := *o
	b.PresentEnv, b.PresentCompose = o.EnvText, o.ComposeText
	if b.PresentEnv == nil {
		b.PresentEnv = []byte{}
	}
	b.EnvText, b.Env, b.State = r.files[instance.EnvName], r.env.Clone(), r.state
	b.State.Project, b.State.Edge, b.State.ComposeSHA256, b.State.Engine = o.Project, o.State.Edge, o.State.ComposeSHA256, o.State.Engine
	if text := r.files[compose.FileName]; r.same && text != nil && sha256Hex(text) != r.state.ComposeSHA256 {
		b.ComposeText, b.State.ComposeSHA256 = text, r.state.ComposeSHA256 // edited by hand
	}
	for _, name := range overrideNames {
		if text := r.files[name]; r.same && text != nil {
			b.Override = &compose.File{Path: o.Dir.Path(name), Content: text}
		}
	}
	return &b
}

// edits are what .env needs in this place beside the answers.
func (r *restoring) edits(o *observed) EnvEdit {
	name, have := o.Env.Get("COMPOSE_PROJECT_NAME")
	if have && name != o.Project {
		return EnvEdit{Unset: []string{"COMPOSE_PROJECT_NAME"}}
	}
	return EnvEdit{}
}

// planRestore adds to a plan what only a restore changes.
func planRestore(o *observed, p *Plan) error {
	r := p.intent.Backup
	if r == nil {
		return nil
	}
	if !bytes.Equal(o.PresentCompose, p.composeText) && p.change(KindFile, string(o.Dir)+"/"+compose.FileName) == nil {
		p.add(Change{Kind: KindFile, Name: string(o.Dir) + "/" + compose.FileName, Action: ActionUpdate, Reason: "as it was then",
			Diff: udiff.Unified("a/"+compose.FileName, "b/"+compose.FileName, string(o.PresentCompose), string(p.composeText))})
	}
	if f := o.Override; f != nil && r.files[filepath.Base(f.Path)] != nil && r.same {
		name := filepath.Base(f.Path)
		if here := o.Overrides[name]; !bytes.Equal(here, f.Content) {
			p.add(Change{Kind: KindFile, Name: f.Path, Action: ActionUpdate, Reason: "as it was then",
				Diff: udiff.Unified("a/"+name, "b/"+name, string(here), string(f.Content))})
		}
	}
	m := r.manifest
	for _, t := range m.Trees {
		mounted := false
		for _, mount := range p.stack.Spec("").Mounts {
			if mount.Target == openalgo.Tree(t.Name) {
				mounted = true
				p.add(Change{Kind: KindVolume, Name: mount.Source, Action: ActionUpdate,
					Reason: fmt.Sprintf("its files become those of %s (%d MiB)", m.Created.Local().Format("2006-01-02 15:04"), t.Bytes>>20)})
			}
		}
		if !mounted {
			return notMounted(t.Name)
		}
	}
	if err := o.Backup.Room.Fits(r.bytes); err != nil {
		return err
	}
	if len(o.Data) > 0 {
		kept := "what is replaced is kept in " + o.Dir.Work(step.Replaced)
		if r.exact {
			kept = "what came into it since then is kept, and a second `rollback` brings it back"
		}
		p.Asks = append(p.Asks, Ask{AskReplace, fmt.Sprintf("The data of this OpenAlgo is replaced by that of %s; %s", m.Created.Local().Format("2006-01-02 15:04"), kept)})
	}
	askForRights(o, p)
	for _, t := range o.Backup.Twins {
		p.warn("%s (%s) runs with the same broker credentials: strategies that are active in both place their orders twice", t.Name, t.Dir)
	}
	return guardOlder(o, p)
}

// guardOlder refuses an image that is older than the data: migrations only go
// forward (docs/openalgo-facts.md 9.3).
func guardOlder(o *observed, p *Plan) error {
	m := p.intent.Backup.manifest
	if p.imageID == "" || p.imageID == m.Image.ID {
		return nil // looked at again once it is here
	}
	image, sample := o.Image, o.Sample
	if o.Runs != nil && o.Runs.Image.ID == p.imageID {
		image, sample = &o.Runs.Image, o.Runs.Sample
	}
	if image == nil || image.ID != p.imageID {
		return fmt.Errorf("the image %s is not on this engine any more, so nobody can tell whether it is older than the data", p.stack.Image)
	}
	version := ""
	if base, err := envfile.Parse(sample); err == nil && sample != nil {
		version, _ = base.Get(keyConfigVersion)
	}
	older := envfile.OlderVersion(version, m.EnvConfig) && version != ""
	made := image.Created.Before(m.Image.Created) && p.answers.Image.Source == "registry"
	if !older && !made {
		return nil
	}
	return finding.Errorf(finding.HostNotReady, "the image %s is older than the data in this backup (made %s, the data's %s), and an older OpenAlgo can't read newer data. "+
		"Name one that is not: `--image %s@%s`, or a newer tag", p.stack.Image, image.Created.Format("2006-01-02"), m.Image.Created.Format("2006-01-02"), repositoryOf(m.Image.Ref), m.Image.Digest)
}

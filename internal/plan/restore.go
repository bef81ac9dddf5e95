package plan

import (
	"bytes"
	"fmt"
	"path/filepath"

	"github.com/marketcalls/openalgo-install/internal/compose"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/guard"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/linediff"
	"github.com/marketcalls/openalgo-install/internal/market"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/printable"
	"github.com/marketcalls/openalgo-install/internal/settings"
	"github.com/marketcalls/openalgo-install/internal/step/data"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// Basis is what a plan begins from: what is here, with the files of a backup in
// its place where one is restored. The keys of .env belong to the data.
func Basis(o *world.Observation, i Intent) *world.Observation {
	r := i.Backup
	if r == nil {
		return o
	}
	b := *o
	b.PresentEnv, b.PresentCompose = o.EnvText, o.ComposeText
	if b.PresentEnv == nil {
		b.PresentEnv = []byte{}
	}
	b.EnvText, b.Env, b.State = r.Files[instance.EnvName], r.Env.Clone(), r.State
	b.State.Project, b.State.Edge, b.State.ComposeSHA256, b.State.Engine = o.Project, o.State.Edge, o.State.ComposeSHA256, o.State.Engine
	b.State.Named = o.State.NamedAfter(r.State, o.Engine.ID, o.Dir)
	if text := r.Files[compose.FileName]; r.Same && text != nil && settings.Sum(text) != r.State.ComposeSHA256 {
		b.ComposeText, b.State.ComposeSHA256 = text, r.State.ComposeSHA256 // edited by hand
	}
	for _, name := range compose.OverrideNames {
		if text := r.Files[name]; r.Same && text != nil {
			b.Override = &compose.File{Path: o.Dir.Path(name), Content: text}
		}
	}
	return &b
}

// planRestore adds to a plan what only a restore changes.
func planRestore(o *world.Observation, p *Plan) error {
	r := p.Intent.Backup
	if r == nil {
		return nil
	}
	if !bytes.Equal(o.PresentCompose, p.ComposeText) && p.Change(KindFile, string(o.Dir)+"/"+compose.FileName) == nil {
		p.Add(Change{Kind: KindFile, Name: string(o.Dir) + "/" + compose.FileName, Action: ActionUpdate, Reason: "from the backup",
			Diff: linediff.Unified("a/"+compose.FileName, "b/"+compose.FileName, string(o.PresentCompose), string(p.ComposeText), linediff.Context)})
	}
	if f := o.Override; f != nil && r.Files[filepath.Base(f.Path)] != nil && r.Same {
		name := filepath.Base(f.Path)
		if here := o.Overrides[name]; !bytes.Equal(here, f.Content) {
			p.Add(Change{Kind: KindFile, Name: f.Path, Action: ActionUpdate, Reason: "from the backup",
				Diff: linediff.Unified("a/"+name, "b/"+name, string(here), string(f.Content), linediff.Context)})
		}
	}
	m := r.Manifest
	for _, t := range m.Trees {
		mounted := false
		for _, mount := range p.Stack.Spec("").Mounts {
			if mount.Target == openalgo.Tree(t.Name) {
				mounted = true
				p.Add(Change{Kind: KindVolume, Name: mount.Source, Action: ActionUpdate,
					Reason: fmt.Sprintf("replaced by the data of %s (%s)", market.Text(m.Created), printable.Size(t.Bytes))})
			}
		}
		if !mounted {
			return data.NotMounted(t.Name)
		}
	}
	if err := o.Backup.Room.Fits(r.Bytes); err != nil {
		return err
	}
	if len(o.Data) > 0 {
		kept := "the replaced data is kept in " + o.Dir.Work(instance.Replaced)
		if r.Exact {
			kept = "newer data is kept, and a second `rollback` restores it"
		}
		p.Asks = append(p.Asks, Ask{AskReplace, fmt.Sprintf("The data of %s replaces the data of this instance; %s", market.Text(m.Created), kept)})
	}
	askForRights(o, p)
	for _, t := range o.Backup.Twins {
		p.Warn(finding.Warn("credentials-shared", "%s (%s) runs with the same broker credentials. Strategies that are active in both place every order twice", t.Name, t.Dir))
	}
	return guard.Older(o, m, p.ImageID, p.Stack.Image, p.Answers.Image.Source == "registry")
}

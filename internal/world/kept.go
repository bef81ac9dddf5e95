package world

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"

	"github.com/marketcalls/openalgo-install/internal/backup"
	"github.com/marketcalls/openalgo-install/internal/envfile"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/image"
	"github.com/marketcalls/openalgo-install/internal/image/spec"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/readfile"
	"github.com/marketcalls/openalgo-install/internal/tree"
)

// LookAtKept looks at what the last upgrade kept.
func LookAtKept(ctx context.Context, l *Looker, o *Observation) {
	k := readKept(l.Dir.Work(instance.Snapshot))
	defer func() { o.Kept = &k }()
	if k.Err != nil {
		return
	}
	env, err1 := envfile.Parse(k.Files[instance.EnvName])
	state, err2 := instance.DecodeState("state.json", k.Files[instance.WorkName+"/state.json"])
	if err1 == nil && err2 == nil {
		k.Salt = l.SaltOf(ctx, env, state, k.Manifest.Image.ID, k.Manifest.Image.Created)
	}
	k.Image = nameOf(ctx, l.Engine, o.State.Project, k.Manifest.Image)
}

// nameOf names an image so that Docker Compose, too, gets this one: by its tag
// while that stands for it, else by its digest.
func nameOf(ctx context.Context, e Engine, project string, was backup.Image) KeptImage {
	is := func(ref string) bool {
		now, err := e.Image(ctx, ref)
		return err == nil && now.ID == was.ID
	}
	if is(was.Ref) {
		return KeptImage{Ref: was.Ref}
	}
	repository := spec.RepositoryOf(was.Ref)
	here, err := e.Image(ctx, was.ID)
	if err != nil && was.Digest == "" {
		return KeptImage{}
	}
	digest := cmp.Or(was.Digest, here.DigestIn(was.Ref))
	if digest != "" && (err != nil || is(repository+"@"+digest)) {
		return KeptImage{Ref: repository + "@" + digest}
	}
	// It is here, but no registry's digest names it.
	own := repository + ":" + image.OwnTag(project, was.ID)
	return KeptImage{Ref: own, Untagged: !is(own)}
}

func readKept(base string) (k Kept) {
	text, err := instance.ReadOwn(filepath.Join(base, backup.CopyManifest))
	if err != nil {
		return Kept{Err: err}
	}
	if err := json.Unmarshal(text, &k.Manifest); err != nil {
		return Kept{Err: finding.Named(finding.HostNotReady, "copy-damaged", "%s is damaged: %w", filepath.Join(base, backup.CopyManifest), err)}
	}
	k.Files = map[string][]byte{}
	for _, name := range backup.InstanceFiles() {
		if k.Files[name], err = readfile.Optional(filepath.Join(base, filepath.Base(name))); err != nil {
			return Kept{Err: fmt.Errorf("reading %s: %w", base, err)}
		}
	}
	for _, t := range k.Manifest.Trees {
		bytes, err := tree.Bytes(filepath.Join(base, t.Name))
		if err != nil || bytes != t.Bytes {
			return Kept{Err: finding.Named(finding.HostNotReady, "copy-damaged", "the copy in %s is damaged (%s has %d bytes, and had %d), so a rollback is not possible", base, t.Name, bytes, t.Bytes).
				With(finding.Run("Restore a backup", "restore", "FILE"))}
		}
		k.Bytes += t.Bytes
	}
	return k
}

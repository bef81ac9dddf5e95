package step

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"time"

	"github.com/marketcalls/openalgo-install/internal/appfile"
	"github.com/marketcalls/openalgo-install/internal/backup"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/envfile"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/run"
	"github.com/marketcalls/openalgo-install/internal/step/data"
	"github.com/marketcalls/openalgo-install/internal/step/pair"
	"github.com/marketcalls/openalgo-install/internal/tree"
)

func init() { run.Register[DescribeCopy]("data.describe") }

// DescribeCopy puts the instance's files, and at last what they are of, beside a
// copy of its data: that is worth nothing without.
type DescribeCopy struct {
	Base string `json:"base"` // Snapshot or Replaced
}

func (s *DescribeCopy) String() string { return "keep the files that belong to " + s.Base }

// Do writes the files. Where there was no container, there is only .env to keep.
func (s *DescribeCopy) Do(ctx context.Context, t *run.Tools) error {
	old := pair.PreviousID(t)
	if old == "" {
		return s.keepEnv(t)
	}
	c, err := t.Engine.Container(ctx, old)
	if err != nil {
		return fmt.Errorf("look at the previous container: %w", err)
	}
	for _, name := range backup.InstanceFiles() {
		text, err := readNow(ctx, t, name)
		if err == nil && text != nil {
			err = s.write(t, filepath.Base(name), text)
		}
		if err != nil {
			return fmt.Errorf("keep a copy of %s: %w", name, err)
		}
	}
	var trees []backup.Tree
	for _, d := range run.All[*data.Keep](t.Begun()) {
		if d.Base != s.Base {
			continue
		}
		bytes, err := tree.Bytes(d.Copy(t))
		if err != nil {
			return err
		}
		trees = append(trees, backup.Tree{Name: d.Tree, Source: d.Data.At(t.Dir), Bytes: bytes})
	}
	m, err := ManifestOf(ctx, t.Engine, t.Dir, c, trees)
	if err != nil {
		return err
	}
	text, err := json.MarshalIndent(m, "", "  ")
	if err == nil {
		err = s.write(t, backup.CopyManifest, text)
	}
	if err != nil {
		return fmt.Errorf("describe the copy: %w", err)
	}
	return nil
}

func (s *DescribeCopy) write(t *run.Tools, name string, text []byte) error {
	return instance.Own(t.Dir).Write(filepath.Join(s.Base, name), text)
}

// keepEnv puts the previous .env beside its data.
func (s *DescribeCopy) keepEnv(t *run.Tools) error {
	env := run.Find[*WriteEnv](t.Steps())
	if env == nil || env.Backup == "" { // replaced already
		return nil
	}
	text, err := env.read(t)
	if err == nil {
		err = s.write(t, instance.EnvName, text)
	}
	if err != nil {
		return fmt.Errorf("keep a copy of .env: %w", err)
	}
	return nil
}

// Undo is nothing: the copy is one of this program's own.
func (s *DescribeCopy) Undo(context.Context, *run.Tools) error { return nil }

// Check refuses names that are paths.
func (s *DescribeCopy) Check() error { return run.CheckName(s.Base) }

// ManifestOf says what the data of an instance is of, as far as its state and its
// container tell it.
func ManifestOf(ctx context.Context, e run.Engine, dir instance.Dir, c engine.Container, trees []backup.Tree) (backup.Manifest, error) {
	state, err := dir.LoadState()
	if err != nil {
		return backup.Manifest{}, err
	}
	m := backup.Manifest{Created: time.Now().UTC(), Project: state.Project, Dir: string(dir), Trees: trees, Setup: state.SetupDone,
		Image: backup.Image{Ref: state.ImageRef, ID: c.ImageID}}
	if image, err := e.Image(ctx, c.ImageID); err == nil {
		m.Image.Digest, m.Image.Created = image.DigestIn(state.ImageRef), image.Created
		if e.Info().Containerd {
			m.Image.Digest = c.ImageID // it forgets a digest with the name
		}
	}
	if text, err := appfile.ReadEnv(ctx, e, dir, ""); err == nil && text != nil {
		if env, err := envfile.Parse(text); err == nil {
			m.EnvConfig, _ = env.Get(openalgo.ConfigVersion)
		}
	}
	return m, nil
}

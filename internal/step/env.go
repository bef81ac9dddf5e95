package step

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/marketcalls/openalgo-install/internal/appfile"
	"github.com/marketcalls/openalgo-install/internal/envfile"
	"github.com/marketcalls/openalgo-install/internal/host"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/keys"
	"github.com/marketcalls/openalgo-install/internal/run"
	"github.com/marketcalls/openalgo-install/internal/step/data"
	"github.com/marketcalls/openalgo-install/internal/step/pair"
)

func init() { run.Register[WriteEnv]("env.write") }

// WriteEnv writes .env. It is read again before that: until its container was
// stopped OpenAlgo may have written it.
type WriteEnv struct {
	Kept
	// Keys holds the hash of every value as the run wrote it, under Salt.
	Keys map[string]string `json:"keys,omitempty"`
	Salt string            `json:"salt,omitempty"`
	// Foreign says that another tool made the stack: the file keeps its owner.
	Foreign bool `json:"foreign,omitempty"`
	// Image can give the file to the container's user.
	Image string `json:"image,omitempty"`
	// Project is the instance's, whose keys a first .env has.
	Project string `json:"project,omitempty"`

	Text  []byte                           `json:"-"` // of a fresh file, or a whole one
	Fresh bool                             `json:"-"` // there is none yet
	Edit  func(now []byte) ([]byte, error) `json:"-"` // else: the edits on the file as it stands
}

func (s *WriteEnv) String() string { return "write .env" }

// Do writes the file, 0600 and the container user's.
func (s *WriteEnv) Do(ctx context.Context, t *run.Tools) error {
	now, err := appfile.ReadEnv(ctx, t.Engine, t.Dir, s.Image)
	if err != nil {
		return err
	}
	own := now != nil && s.SHA256 != "" && Sum(now) == s.SHA256 // this step is repeated
	text := s.Text
	switch {
	case own && s.Edit != nil:
		text = now
	case s.Fresh && now != nil && !own:
		return fmt.Errorf("another program created a .env in %s in the meantime. Run the same command again", t.Dir)
	case s.Edit != nil && now == nil:
		return fmt.Errorf("%s was deleted in the meantime", t.Dir.Env())
	}
	if err := s.keepOnce(t, instance.EnvName, now); err != nil {
		return err
	}
	if s.Edit != nil && !own {
		if text, err = s.Edit(now); err != nil {
			return err
		}
	}
	if err := s.note(text); err != nil {
		return err
	}
	if err := t.Save(); err != nil {
		return err
	}
	return s.place(ctx, t, text)
}

// note records what .env becomes.
func (s *WriteEnv) note(text []byte) error {
	file, err := envfile.Parse(text)
	if err != nil {
		return fmt.Errorf("read the new .env: %w", err)
	}
	s.SHA256, s.Keys = Sum(text), map[string]string{}
	for _, key := range file.Keys() {
		value, _ := file.Get(key)
		s.Keys[key] = hash(s.Salt, key, value)
	}
	return nil
}

func hash(salt, key, value string) string {
	sum := sha256.Sum256([]byte(salt + "\x00" + key + "\x00" + value))
	return hex.EncodeToString(sum[:])
}

// place replaces .env. Where this process may not give the file to the
// container's user (no root, rootless Docker), a container does.
func (s *WriteEnv) place(ctx context.Context, t *run.Tools, text []byte) error {
	path := t.Dir.Env()
	pending, err := instance.Own(t.Dir).Temp(path)
	if err != nil {
		return fmt.Errorf("write .env: %w", err)
	}
	if _, err := pending.Write(text); err != nil {
		host.Discard(pending)
		return fmt.Errorf("write .env: %w", err)
	}
	if err := giveEnv(ctx, t, pending, s.Foreign, s.Image); err != nil {
		host.Discard(pending)
		return err
	}
	t.Point("env-staged")
	if err := host.Replace(pending, path); err != nil {
		return fmt.Errorf("write .env: %w", err)
	}
	t.Point("env-placed")
	return nil
}

// Undo brings the previous .env back. What OpenAlgo itself wrote since then
// stays: data may have been encrypted with a key that it made. A first .env stays
// once data was created for it.
func (s *WriteEnv) Undo(ctx context.Context, t *run.Tools) error {
	if s.SHA256 == "" || s.Back {
		return nil
	}
	if err := s.restore(ctx, t); err != nil {
		return err
	}
	s.Back = true
	t.Keep()
	return nil
}

func (s *WriteEnv) restore(ctx context.Context, t *run.Tools) error {
	// A first install has no state yet that names an image.
	now, err := appfile.ReadEnv(ctx, t.Engine, t.Dir, cmp.Or(instance.Glance(t.Dir).ImageID, s.Image))
	if err != nil {
		return err
	}
	if s.Backup == "" {
		return s.remove(ctx, t, now)
	}
	if now != nil && s.is(now) {
		return nil
	}
	if now != nil && Sum(now) != s.SHA256 {
		keepForeign(t, instance.EnvName, now)
	}
	before, err := s.read(t)
	if errors.Is(err, fs.ErrNotExist) {
		return s.withoutCopy(ctx, t, now)
	}
	if err != nil {
		return fmt.Errorf("read the previous .env: %w", err)
	}
	if len(data.GoingBack(t)) > 0 { // no key of the other data may stay
		return s.moveEnvBack(ctx, t)
	}
	restored, err := s.carryKeys(before, now)
	if err != nil {
		return err
	}
	if string(restored) == string(before) {
		return s.moveEnvBack(ctx, t)
	}
	if err := s.place(ctx, t, restored); err != nil {
		// The .env that is there has every key that the data needs.
		t.Note(fmt.Sprintf("cannot restore the previous .env (%v). The new .env stays, and its encryption keys open the data. The previous .env is %s", err, s.copy(t)))
	}
	return nil
}

// remove removes a first .env, where no data needs it.
func (s *WriteEnv) remove(ctx context.Context, t *run.Tools, now []byte) error {
	if now == nil {
		return nil
	}
	begun := t.Begun()
	made := data.MadePlaces(begun)
	// Beside other data than the backup's its keys would look like the right ones.
	replacing := slices.ContainsFunc(run.All[*data.Keep](begun), func(d *data.Keep) bool { return d.Base == instance.Replaced && d.Whole })
	needed := made || pair.HasNew(begun) && !replacing
	if Sum(now) != s.SHA256 || needed {
		t.App.Remain(ctx, s.Project, s.Image)
		return nil
	}
	if err := host.Remove(t.Dir.Env()); err != nil {
		return fmt.Errorf("remove .env: %w", err)
	}
	return nil
}

// withoutCopy is for an undo whose kept .env is gone: moved back by an earlier
// try and edited since, or removed. A restore has one more, beside the data that
// it replaced.
func (s *WriteEnv) withoutCopy(ctx context.Context, t *run.Tools, now []byte) error {
	beside := t.Work(filepath.Join(instance.Replaced, instance.EnvName))
	if slices.ContainsFunc(run.All[*data.Keep](t.Begun()), func(d *data.Keep) bool { return d.Base == instance.Replaced }) {
		text, err := instance.ReadOwn(beside)
		if err != nil {
			return fmt.Errorf("the previous .env is gone, and only its encryption keys open the data. Restore it as %s: %w", beside, err)
		}
		return s.place(ctx, t, text)
	}
	if now == nil {
		return fmt.Errorf("%s and its copy are gone. Restore it from a backup", t.Dir.Env())
	}
	t.Note("the copy of the previous .env is gone, so .env stays as it is")
	return nil
}

func (s *WriteEnv) moveEnvBack(ctx context.Context, t *run.Tools) error {
	file, err := instance.OpenInside(s.copy(t), os.O_RDONLY)
	if err != nil {
		return fmt.Errorf("read the previous .env: %w", err)
	}
	defer file.Close()
	if err := giveEnv(ctx, t, file, s.Foreign, s.Image); err != nil {
		return err
	}
	return s.moveBack(t, instance.EnvName, 0) // its mode came with its owner
}

// carryKeys returns before with every key of now that differs from what the run
// wrote: OpenAlgo changed those, and its data may rest on them.
func (s *WriteEnv) carryKeys(before, now []byte) ([]byte, error) {
	if now == nil || Sum(now) == s.SHA256 {
		return before, nil
	}
	file, err := envfile.Parse(before)
	if err != nil {
		return nil, fmt.Errorf("read the previous .env: %w", err)
	}
	current, err := envfile.Parse(now)
	if err != nil {
		return before, nil //nolint:nilerr // unreadable: the previous one is the better one
	}
	for _, key := range current.Keys() {
		value, _ := current.Get(key)
		if s.Keys[key] == hash(s.Salt, key, value) {
			continue
		}
		if err := keys.Set(file, key, value); err != nil {
			return nil, fmt.Errorf("take over %s: %w", key, err)
		}
	}
	return file.Bytes(), nil
}

// Check refuses a copy that is not one of the backups.
func (s *WriteEnv) Check() error { return run.CheckNames(s.Backup) }

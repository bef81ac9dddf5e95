package install

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/marketcalls/openalgo-install/internal/envfile"
	"github.com/marketcalls/openalgo-install/internal/host"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/readfile"
)

// restore puts the previous version of a file back, unless the run never wrote
// it. It is done once: what somebody writes into the file after that stays.
func (in *Installer) restore(ctx context.Context, j *journal, change *fileChange) error {
	if change.SHA256 == "" || change.Back {
		return nil
	}
	var err error
	if change.Name == instance.EnvName {
		err = in.restoreEnv(ctx, j, *change)
	} else {
		err = in.restoreFile(*change)
	}
	if err != nil {
		return err
	}
	change.Back = true
	j.noteUndone()
	return nil
}

func (in *Installer) restoreFile(change fileChange) error {
	path := in.dir.Path(change.Name)
	now, err := readfile.Optional(path)
	switch {
	case err != nil:
		return fmt.Errorf("reading %s: %w", path, err)
	case now == nil && change.Backup == "" || now != nil && sha256Hex(now) == change.Former:
		return nil
	case now != nil && sha256Hex(now) != change.SHA256:
		return in.leaveEdited(path, change)
	case change.Backup == "":
		if err := host.Remove(path); err != nil {
			return fmt.Errorf("removing %s: %w", path, err)
		}
		return nil
	case !isFile(change.Backup):
		in.note(fmt.Sprintf("the copy of the previous %s is gone (%s), so the file stays as it is", change.Name, change.Backup))
		return nil
	}
	mode := os.FileMode(0o644)
	if info, err := os.Stat(path); err == nil {
		mode = info.Mode().Perm()
	}
	return in.moveBack(change, mode)
}

// leaveEdited keeps a file that somebody edited since, and puts the previous
// version beside it.
func (in *Installer) leaveEdited(path string, change fileChange) error {
	said := path + " was changed since, so it stays as it is"
	if isFile(change.Backup) {
		beside := path + ".previous"
		for n := 2; exists(beside); n++ {
			beside = fmt.Sprintf("%s.previous.%d", path, n)
		}
		if err := host.Rename(change.Backup, beside); err != nil {
			return fmt.Errorf("putting the previous %s beside it: %w", change.Name, err)
		}
		said += ". The previous version is " + beside
	}
	in.note(said)
	return nil
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

func isFile(path string) bool {
	info, err := os.Lstat(path)
	return err == nil && info.Mode().IsRegular()
}

// keepForeign copies what somebody else wrote since into the backups, before
// it is replaced.
func (in *Installer) keepForeign(name string, text []byte) {
	if path, err := in.dir.Keep(name, text); err == nil {
		in.note(fmt.Sprintf("%s was changed since. The changed version is kept as %s", name, path))
	}
}

// moveBack puts the kept copy itself in the file's place: that needs no room,
// and a full disk may be why there is something to undo.
func (in *Installer) moveBack(change fileChange, mode os.FileMode) error {
	if err := os.Chmod(change.Backup, mode); err != nil {
		return fmt.Errorf("bringing the previous %s back: %w", change.Name, err)
	}
	if err := host.Rename(change.Backup, in.dir.Path(change.Name)); err != nil {
		return fmt.Errorf("bringing the previous %s back: %w", change.Name, err)
	}
	return nil
}

// restoreEnv brings the previous .env back. What OpenAlgo itself wrote since
// then stays: data may have been encrypted with a key that it made. A first
// .env stays once volumes were created.
func (in *Installer) restoreEnv(ctx context.Context, j *journal, change fileChange) error {
	now, err := in.readEnv(ctx)
	if err != nil {
		return err
	}
	if change.Backup == "" {
		return in.removeEnv(j, change, now)
	}
	if now != nil && sha256Hex(now) == change.Former {
		return nil
	}
	if now != nil && sha256Hex(now) != change.SHA256 {
		in.keepForeign(instance.EnvName, now)
	}
	before, err := readKept(change)
	if errors.Is(err, fs.ErrNotExist) {
		return in.envWithoutCopy(ctx, j, now)
	}
	if err != nil {
		return fmt.Errorf("reading the previous .env: %w", err)
	}
	if len(j.copies()) > 0 { // its data goes back with it: no key of the other one may stay
		return in.moveEnvBack(ctx, change, j.State)
	}
	restored, err := carryKeys(before, now, change, j.State)
	if err != nil {
		return err
	}
	if string(restored) == string(before) {
		return in.moveEnvBack(ctx, change, j.State)
	}
	if err := in.placeEnv(ctx, restored, j.State); err != nil {
		// The .env that is there has every key that the data needs.
		in.note(fmt.Sprintf("the previous .env could not be brought back (%v). The new .env stays, and the data opens with its encryption keys. The previous .env is %s", err, change.Backup))
	}
	return nil
}

// removeEnv removes a first .env, where no data needs it.
func (in *Installer) removeEnv(j *journal, change fileChange, now []byte) error {
	ours := now != nil && sha256Hex(now) == change.SHA256
	// Beside other data than the backup's its keys would look like the right ones.
	foreign := len(j.Replaced) > 0 && !j.MadeVolumes
	if !ours || !foreign && (j.MadeVolumes || j.NewID != "") {
		return nil
	}
	if err := host.Remove(in.dir.Env()); err != nil {
		return fmt.Errorf("removing .env: %w", err)
	}
	return nil
}

// envWithoutCopy is for an undo whose kept .env is gone: moved back by an
// earlier try and edited since, or removed. A restore has one more, beside the
// data that it replaced.
func (in *Installer) envWithoutCopy(ctx context.Context, j *journal, now []byte) error {
	beside := in.dir.Work(filepath.Join(replacedName, instance.EnvName))
	if j.Replaced != nil {
		text, err := instance.ReadOwn(beside)
		if err != nil {
			return fmt.Errorf("the previous .env is gone, and only its encryption keys open the data. Bring it back as %s: %w", beside, err)
		}
		return in.placeEnv(ctx, text, j.State)
	}
	if now == nil {
		return fmt.Errorf("%s is gone, and so is its kept copy. Bring it back from a backup", in.dir.Env())
	}
	in.note("the copy of the previous .env is gone, so .env stays as it is")
	return nil
}

// readKept reads the kept copy of a file that a run changed.
func readKept(change fileChange) ([]byte, error) {
	file, err := instance.OpenInside(change.Backup, os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	text, err := readfile.Open(file, change.Backup, readfile.Own)
	if err == nil && sha256Hex(text) != change.Former {
		err = fmt.Errorf("%s was changed since it was kept", change.Backup)
	}
	return text, err
}

func (in *Installer) moveEnvBack(ctx context.Context, change fileChange, s instance.State) error {
	file, err := instance.OpenInside(change.Backup, os.O_RDONLY)
	if err != nil {
		return fmt.Errorf("reading the previous .env: %w", err)
	}
	defer file.Close()
	if err := in.giveToApp(ctx, file, s); err != nil {
		return err
	}
	mode := os.FileMode(0o600)
	if info, err := os.Stat(in.dir.Env()); err == nil && s.Foreign {
		mode = info.Mode().Perm()
	}
	return in.moveBack(change, mode)
}

// carryKeys returns before with every key of now that differs from what this
// run wrote: the app changed those, and its data may rest on them.
func carryKeys(before, now []byte, change fileChange, s instance.State) ([]byte, error) {
	if now == nil || sha256Hex(now) == change.SHA256 {
		return before, nil
	}
	file, err := envfile.Parse(before)
	if err != nil {
		return nil, fmt.Errorf("reading the former .env: %w", err)
	}
	current, err := envfile.Parse(now)
	if err != nil {
		return before, nil //nolint:nilerr // unreadable: the former one is the better one
	}
	for _, key := range current.Keys() {
		value, _ := current.Get(key)
		if change.Keys[key] == s.Hash(key, value) {
			continue
		}
		if err := setKey(file, key, value); err != nil {
			return nil, fmt.Errorf("carrying %s over: %w", key, err)
		}
	}
	return file.Bytes(), nil
}

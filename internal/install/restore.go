package install

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/marketcalls/openalgo-install/internal/envfile"
	"github.com/marketcalls/openalgo-install/internal/host"
)

// restore puts the former version of a file back, unless the run never wrote it.
func (in *Installer) restore(ctx context.Context, j *journal, change fileChange) error {
	if change.SHA256 == "" {
		return nil // not written
	}
	if change.Name == envName {
		return in.restoreEnv(ctx, j, change)
	}
	path := filepath.Join(in.work.dir, change.Name)
	now, err := readOptional(path)
	if err != nil || now == nil && change.Backup == "" || now != nil && sha256Hex(now) == change.Former {
		return err
	}
	if now != nil && sha256Hex(now) != change.SHA256 {
		in.keepForeign(change.Name, now)
	}
	if change.Backup == "" {
		if err := host.Remove(path); err != nil {
			return fmt.Errorf("removing %s: %w", path, err)
		}
		return nil
	}
	mode := os.FileMode(0o644)
	if info, err := os.Stat(path); err == nil {
		mode = info.Mode().Perm()
	}
	return in.moveBack(change, mode)
}

// keepForeign copies what somebody else wrote since into the backups, before
// it is replaced.
func (in *Installer) keepForeign(name string, text []byte) {
	if path, err := in.work.backup(name, text); err == nil {
		in.note(fmt.Sprintf("%s was changed by somebody else meanwhile; that version is kept as %s", name, path))
	}
}

// moveBack puts the kept copy itself in the file's place: that needs no room,
// and a full disk may be why there is something to undo.
func (in *Installer) moveBack(change fileChange, mode os.FileMode) error {
	if err := os.Chmod(change.Backup, mode); err != nil {
		return fmt.Errorf("bringing the former %s back: %w", change.Name, err)
	}
	if err := host.Rename(change.Backup, filepath.Join(in.work.dir, change.Name)); err != nil {
		return fmt.Errorf("bringing the former %s back: %w", change.Name, err)
	}
	return nil
}

// restoreEnv brings the former .env back. What the app itself wrote since then
// stays: data may have been encrypted with a key that it made
// (facts/upstream.md 1.6). A first .env stays once volumes were made.
func (in *Installer) restoreEnv(ctx context.Context, j *journal, change fileChange) error {
	if change.Backup == "" {
		now, err := in.readEnv(ctx)
		if err == nil && len(j.Replaced) > 0 && !j.MadeVolumes && now != nil && sha256Hex(now) == change.SHA256 {
			// Beside data that is not the backup's its keys would pass for the right ones.
			return host.Remove(in.work.env())
		}
		if err != nil || j.MadeVolumes || j.NewID != "" || now != nil && sha256Hex(now) != change.SHA256 {
			return err
		}
		if err := host.Remove(in.work.env()); err != nil {
			return fmt.Errorf("removing .env: %w", err)
		}
		return nil
	}
	now, err := in.readEnv(ctx)
	if err != nil || now != nil && sha256Hex(now) == change.Former {
		return err
	}
	if now != nil && sha256Hex(now) != change.SHA256 {
		in.keepForeign(envName, now)
	}
	before, err := readOwn(change.Backup)
	if err != nil {
		return fmt.Errorf("reading the former .env: %w", err)
	}
	if j.Replaced != nil || len(j.copies()) > 0 { // its data goes back with it: no key of the other one may stay
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
		in.note(fmt.Sprintf("the former .env could not be brought back (%v); the new one stays, with the keys that OpenAlgo made. The former one is %s", err, change.Backup))
	}
	return nil
}

func (in *Installer) moveEnvBack(ctx context.Context, change fileChange, s state) error {
	file, err := openOwn(change.Backup, os.O_RDONLY)
	if err != nil {
		return fmt.Errorf("reading the former .env: %w", err)
	}
	defer file.Close()
	if err := in.giveToApp(ctx, file, s); err != nil {
		return err
	}
	mode := os.FileMode(0o600)
	if info, err := os.Stat(in.work.env()); err == nil && s.Foreign {
		mode = info.Mode().Perm()
	}
	return in.moveBack(change, mode)
}

// carryKeys returns before with every key of now that differs from what this
// run wrote: the app changed those, and its data may rest on them.
func carryKeys(before, now []byte, change fileChange, s state) ([]byte, error) {
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
		if change.Keys[key] == s.hash(key, value) {
			continue
		}
		if err := setKey(file, key, value); err != nil {
			return nil, fmt.Errorf("carrying %s over: %w", key, err)
		}
	}
	return file.Bytes(), nil
}

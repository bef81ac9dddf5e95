// Package hoststate is the directory for what openalgo-install keeps of this machine,
// and of no instance: what the watch saw, who is told, answers that were cut off.
package hoststate

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"github.com/marketcalls/openalgo-install/internal/host"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/readfile"
	"github.com/marketcalls/openalgo-install/internal/userns"
)

const name = "openalgo-install"

// Dir is the directory of this user; it may not be there yet. Root's is never one that
// another user can change: su keeps that user's environment.
func Dir() string {
	dir := Place(os.Getenv, userns.IsRoot())
	if instance.Trusted(dir) != nil {
		return Place(func(string) string { return "" }, true)
	}
	return dir
}

// Place is the directory of a user with an environment.
func Place(getenv func(string) string, root bool) string {
	if state := getenv("XDG_STATE_HOME"); filepath.IsAbs(state) {
		return filepath.Join(state, name)
	}
	if home := getenv("HOME"); !root && filepath.IsAbs(home) {
		return filepath.Join(home, ".local", "state", name)
	}
	return filepath.Join("/var/lib", name)
}

// Make makes the directory. It refuses one that is not private.
func Make() (string, error) {
	dir := Dir()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	return dir, Private(dir)
}

// Private refuses a directory that somebody else could put files into, or read them
// from.
func Private(dir string) error {
	info, err := os.Lstat(dir)
	if err != nil {
		return err
	}
	owner, known := info.Sys().(*syscall.Stat_t)
	switch {
	case !info.IsDir():
		return fmt.Errorf("%s is not a directory", dir)
	case !known || int(owner.Uid) != os.Geteuid():
		return fmt.Errorf("%s belongs to another user", dir)
	case info.Mode().Perm()&0o077 != 0:
		return fmt.Errorf("other users can read %s. To close it: chmod 700 %[1]s", dir)
	}
	return nil
}

// Read returns a file of the directory: nil where there is none. It follows no link.
func Read(file string) ([]byte, error) {
	dir := Dir()
	if err := Private(dir); os.IsNotExist(err) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	text, err := readfile.NoLink(filepath.Join(dir, file), readfile.Config)
	if os.IsNotExist(err) {
		return nil, nil
	}
	return text, err
}

// Write writes a file of the directory: whole or not at all, and readable by its owner
// alone.
func Write(file string, text []byte) error {
	dir, err := Make()
	if err != nil {
		return err
	}
	return host.WriteFile(filepath.Join(dir, file), text, 0o600, "")
}

// Remove removes a file of the directory; what is not there is removed already.
func Remove(file string) error { return host.Remove(filepath.Join(Dir(), file)) }

package source_test

import (
	"bytes"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/marketcalls/openalgo-install/internal/source"
)

// What is swapped between the listing and the sending is not sent.
func TestASwappedFileIsNotSent(t *testing.T) {
	outside := t.TempDir()
	secret := filepath.Join(outside, "app.py")
	must(t, os.WriteFile(secret, []byte("top-secret"), 0o600))
	for name, swap := range map[string]func(dir string) error{
		"a link in its place": func(dir string) error {
			must(t, os.Remove(filepath.Join(dir, "blueprints/app.py")))
			return os.Symlink(secret, filepath.Join(dir, "blueprints/app.py"))
		},
		"a link for its directory": func(dir string) error {
			must(t, os.RemoveAll(filepath.Join(dir, "blueprints")))
			return os.Symlink(outside, filepath.Join(dir, "blueprints"))
		},
		"a hard link": func(dir string) error {
			must(t, os.Remove(filepath.Join(dir, "blueprints/app.py")))
			return os.Link(secret, filepath.Join(dir, "blueprints/app.py"))
		},
		"a pipe": func(dir string) error {
			must(t, os.Remove(filepath.Join(dir, "blueprints/app.py")))
			return unix.Mkfifo(filepath.Join(dir, "blueprints/app.py"), 0o600)
		},
		"more in it": func(dir string) error {
			return os.WriteFile(filepath.Join(dir, "blueprints/app.py"), []byte("0123456789 and more"), 0o600)
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := checkout(t, with(openalgo, map[string]string{"blueprints/app.py": "0123456789"}))
			s := open(t, dir, source.Options{})
			must(t, swap(dir))
			var sent bytes.Buffer
			if err := s.WriteContext(t.Context(), &sent); err == nil {
				t.Error("it was sent")
			}
			if strings.Contains(sent.String(), "top-secret") {
				t.Error("a file from elsewhere was sent")
			}
		})
	}
}

func TestIgnoreFileOfAnotherType(t *testing.T) {
	for name, plant := range map[string]func(path string) error{
		"a pipe":                 func(path string) error { return unix.Mkfifo(path, 0o600) },
		"a device without end":   func(path string) error { return os.Symlink("/dev/zero", path) },
		"a file without measure": func(path string) error { return os.WriteFile(path, make([]byte, 2<<20), 0o600) },
	} {
		dir := checkout(t, openalgo)
		_ = os.Remove(filepath.Join(dir, ".dockerignore"))
		must(t, plant(filepath.Join(dir, ".dockerignore")))
		if _, err := source.Open(t.Context(), dir, source.Options{}); err == nil || !strings.Contains(err.Error(), ".dockerignore") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A checkout's git configuration must run nothing, least of all as root.
func TestAConfigurationRunsNothing(t *testing.T) {
	dir := checkout(t, with(openalgo, map[string]string{"frontend/dist/index.html": "built", "frontend/src/a.txt": "a"}))
	must(t, os.RemoveAll(filepath.Join(dir, ".git")))
	id := commit(t, dir)
	ran := filepath.Join(t.TempDir(), "ran")
	must(t, os.Chmod(filepath.Dir(ran), 0o777))
	run := "touch " + ran + "; cat"
	hook := filepath.Join(dir, ".git/hooks/post-index-change")
	must(t, os.MkdirAll(filepath.Dir(hook), 0o755))
	must(t, os.WriteFile(hook, []byte("#!/bin/sh\n"+run+"\n"), 0o755))
	must(t, os.WriteFile(filepath.Join(dir, ".git/info/attributes"), []byte("* filter=x diff=x\n"), 0o644))
	must(t, os.WriteFile(filepath.Join(dir, "frontend/.gitattributes"), []byte("* filter=x diff=x\n"), 0o644))
	for _, set := range [][2]string{
		{"filter.x.clean", run}, {"filter.x.process", run}, {"filter.x.required", "true"}, {"diff.x.command", run},
		{"diff.x.textconv", run}, {"core.fsmonitor", hook}, {"core.sshCommand", run}, {"core.pager", run},
		{"core.hooksPath", filepath.Dir(hook)}, {"core.worktree", "/etc"}, {"include.path", "/dev/zero"},
	} {
		git(t, dir, "config", "-f", filepath.Join(dir, ".git/config"), set[0], set[1])
	}
	// The same size, another time: git must look into the files.
	touch(t, dir, "frontend/src/a.txt", -1)
	touch(t, dir, "frontend/dist/index.html", -1)
	s, err := source.Open(t.Context(), dir, source.Options{})
	must(t, err)
	must(t, s.WriteContext(t.Context(), io.Discard))
	if _, err := os.Stat(ran); err == nil {
		t.Error("a command of the configuration was run")
	}
	if s.Commit != id || s.Branch == "" {
		t.Errorf("branch %q, commit %q", s.Branch, s.Commit)
	}
}

func TestARefLeadsNowhere(t *testing.T) {
	for name, head := range map[string]string{
		"out of it":      "ref: refs/heads/../../../../secret",
		"to a file":      "ref: /etc/passwd",
		"with a command": "ref: refs/heads/$(x)\nmore",
		"empty":          "",
	} {
		dir := checkout(t, openalgo)
		must(t, os.RemoveAll(filepath.Join(dir, ".git")))
		must(t, os.MkdirAll(filepath.Join(dir, ".git/refs/heads"), 0o755))
		must(t, os.WriteFile(filepath.Join(dir, "secret"), []byte(strings.Repeat("a", 40)), 0o600))
		must(t, os.WriteFile(filepath.Join(dir, ".git/HEAD"), []byte(head), 0o644))
		if s := open(t, dir, source.Options{}); s.Commit != "" || s.Branch != "" {
			t.Errorf("%s: branch %q, commit %q", name, s.Branch, s.Commit)
		}
	}
}

func TestPackedAndDetached(t *testing.T) {
	dir := checkout(t, openalgo)
	must(t, os.RemoveAll(filepath.Join(dir, ".git")))
	id := commit(t, dir)
	git(t, dir, "pack-refs", "--all")
	if s := open(t, dir, source.Options{}); s.Commit != id || s.Branch == "" {
		t.Errorf("packed: branch %q, commit %q", s.Branch, s.Commit)
	}
	git(t, dir, "checkout", "-q", "--detach")
	if s := open(t, dir, source.Options{}); s.Commit != id || s.Branch != "" {
		t.Errorf("detached: branch %q, commit %q", s.Branch, s.Commit)
	}
}

// git looks at another user's checkout with that user's rights.
func TestACheckoutOfAnotherUser(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("takes root")
	}
	dir := checkout(t, with(openalgo, map[string]string{"frontend/dist/index.html": "built"}))
	must(t, os.RemoveAll(filepath.Join(dir, ".git")))
	commit(t, dir)
	touch(t, dir, "frontend/dist/index.html", -time.Minute)
	for parent := dir; parent != os.TempDir() && parent != "/"; parent = filepath.Dir(parent) {
		must(t, os.Chmod(parent, 0o755)) // a checkout that its owner can reach
	}
	must(t, filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err == nil {
			err = os.Lchown(path, 12345, 12345)
		}
		return err
	}))
	if s := open(t, dir, source.Options{}); s.BuildsFrontend {
		t.Error("the compiled interface of the commit is not recognised")
	}
}

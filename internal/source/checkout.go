package source

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"

	"github.com/marketcalls/openalgo-install/internal/host"
	"github.com/marketcalls/openalgo-install/internal/readfile"
	"github.com/marketcalls/openalgo-install/internal/userns"
)

// A checkout's own git configuration names commands that git runs: filters,
// hooks, a file system monitor. Its branch and commit are read without git, and
// where git must look, it gets another configuration and the owner's rights.

// describe is the branch and commit of a checkout; "" for what is not known,
// as in a work tree whose repository is elsewhere.
func describe(dir string) (branch, commit string) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return "", ""
	}
	defer root.Close()
	if info, err := root.Lstat(".git"); err != nil || !info.IsDir() {
		return "", ""
	}
	head := readRef(root, "HEAD")
	name, symbolic := strings.CutPrefix(head, "ref: ")
	if !symbolic {
		return "", wholeCommit.FindString(head)
	}
	if name = strings.TrimSpace(name); !refName.MatchString(name) || path.Clean(name) != name {
		return "", ""
	}
	if commit = wholeCommit.FindString(readRef(root, name)); commit == "" {
		commit = packed(root, name)
	}
	if commit == "" {
		return "", "" // a branch without a commit, or refs in a form that is not known
	}
	return strings.TrimPrefix(name, "refs/heads/"), commit
}

var refName = regexp.MustCompile(`^refs/heads/[^\x00-\x20\x7f~^:?*\[\\]+$`)

func readRef(root *os.Root, name string) string {
	text, err := readfile.In(root, ".git/"+name, 4096)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}

// packed finds a ref among those that git has packed into one file.
func packed(root *os.Root, name string) string {
	text, err := readfile.In(root, ".git/packed-refs", readfile.Own)
	if err != nil {
		return ""
	}
	for line := range bytes.Lines(text) {
		if commit, ref, ok := strings.Cut(strings.TrimSpace(string(line)), " "); ok && ref == name && wholeCommit.MatchString(commit) {
			return commit
		}
	}
	return ""
}

// gitTime is more than git takes to look at OpenAlgo's source.
const gitTime = time.Minute

// committed reports whether a directory's compiled part is in the commit, and
// nothing in the directory differs from it.
func (s *Source) committed(ctx context.Context, part string) bool {
	ctx, cancel := context.WithTimeout(ctx, gitTime)
	defer cancel()
	look, err := newGitLook(s.Dir, s.Commit)
	if err != nil {
		return false
	}
	defer look.close()
	if listed, err := look.run(ctx, "ls-files", "--error-unmatch", "--", part+"/dist/index.html"); err != nil || listed == "" {
		return false
	}
	// Within a submodule git would read that one's configuration.
	changed, err := look.run(ctx, "status", "--porcelain", "--ignore-submodules=all", "--", part)
	return err == nil && changed == ""
}

// gitLook lets git look at a checkout's files and objects through a git
// directory of our own, which has no configuration but ours.
type gitLook struct {
	dir, work string
	owner     *syscall.Credential // nil: as this process
}

func newGitLook(work, commit string) (*gitLook, error) {
	info, err := os.Stat(work)
	if err != nil {
		return nil, err
	}
	look := &gitLook{work: work}
	if look.dir, err = host.TempDir("git"); err != nil {
		return nil, err
	}
	config := "[core]\nrepositoryformatversion = 0\nbare = false\n"
	if len(commit) == 64 {
		config = "[core]\nrepositoryformatversion = 1\nbare = false\n[extensions]\nobjectformat = sha256\n"
	}
	err = errors.Join(os.Mkdir(filepath.Join(look.dir, "refs"), 0o755), os.Mkdir(filepath.Join(look.dir, "objects"), 0o755),
		os.WriteFile(filepath.Join(look.dir, "HEAD"), []byte(commit+"\n"), 0o644),
		os.WriteFile(filepath.Join(look.dir, "config"), []byte(config), 0o644),
		os.Chmod(look.dir, 0o755)) // there is nothing secret in it
	if owner, ok := info.Sys().(*syscall.Stat_t); ok && userns.IsRoot() && owner.Uid != 0 {
		look.owner = &syscall.Credential{Uid: owner.Uid, Gid: owner.Gid}
	}
	if err != nil {
		look.close()
		return nil, err
	}
	return look, nil
}

func (l *gitLook) close() { _ = os.RemoveAll(l.dir) }

// mostSaid is how much of git's output is waited for: whether it says anything
// is all that counts.
const mostSaid = 4096

func (l *gitLook) run(ctx context.Context, args ...string) (string, error) {
	program, err := exec.LookPath("git")
	if err != nil {
		return "", ErrNoGit
	}
	cmd := exec.CommandContext(ctx, program, append([]string{"-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false"}, args...)...)
	cmd.Dir = l.work
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=/nonexistent", "LC_ALL=C",
		"GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null", "GIT_ATTR_NOSYSTEM=1", "GIT_NO_LAZY_FETCH=1",
		"GIT_OPTIONAL_LOCKS=0", "GIT_TERMINAL_PROMPT=0",
		"GIT_DIR=" + l.dir, "GIT_WORK_TREE=" + l.work,
		"GIT_OBJECT_DIRECTORY=" + filepath.Join(l.work, ".git/objects"), "GIT_INDEX_FILE=" + filepath.Join(l.work, ".git/index"),
	}
	if l.owner != nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: l.owner}
	}
	cmd.WaitDelay = time.Second
	said := &firstBytes{most: mostSaid}
	cmd.Stdout = said
	err = cmd.Run()
	return strings.TrimSpace(string(said.data)), err
}

// firstBytes keeps the beginning of what is written.
type firstBytes struct {
	data []byte
	most int
}

func (f *firstBytes) Write(p []byte) (int, error) {
	f.data = append(f.data, p[:min(len(p), f.most-len(f.data))]...)
	return len(p), nil
}

package source

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/host"
)

// ErrNoGit says that the git command is missing.
var ErrNoGit = errors.New("git is not installed")

// Remote is a repository and what of it is wanted.
type Remote struct {
	URL string
	Ref string // branch, tag or whole commit; "": the default branch
}

// Revision is what a Remote stands for at one moment.
type Revision struct {
	Commit string // 40 or 64 hex digits
	Branch string // or the tag; "" when a commit was asked for
	name   string // the whole reference, to fetch by
}

var (
	wholeCommit = regexp.MustCompile(`^([0-9a-f]{40}|[0-9a-f]{64})$`)
	partCommit  = regexp.MustCompile(`^[0-9a-f]{7,39}$`)
)

// Resolve asks the repository which commit is meant. Nothing is fetched.
func (r Remote) Resolve(ctx context.Context) (Revision, error) {
	if wholeCommit.MatchString(r.Ref) {
		return Revision{Commit: r.Ref, name: r.Ref}, nil
	}
	wanted := []string{"HEAD"}
	if r.Ref != "" {
		wanted = []string{"refs/heads/" + r.Ref, "refs/tags/" + r.Ref + "^{}", "refs/tags/" + r.Ref}
	}
	out, err := git(ctx, "", append([]string{"ls-remote", "--symref", "--", r.URL}, wanted...)...)
	if err != nil {
		return Revision{}, r.explain(err)
	}
	found := parseRefs(out)
	for _, name := range wanted {
		commit, ok := found.commits[name]
		if !ok {
			continue
		}
		rev := Revision{Commit: commit, Branch: r.Ref, name: strings.TrimSuffix(name, "^{}")}
		if name == "HEAD" {
			rev.Branch = strings.TrimPrefix(found.head, "refs/heads/")
		}
		return rev, nil
	}
	if partCommit.MatchString(r.Ref) {
		return Revision{}, fmt.Errorf("%s has no branch or tag %s; if that is a commit, write all its 40 digits", r.URL, r.Ref)
	}
	if r.Ref == "" {
		return Revision{}, fmt.Errorf("%s is empty: it has no default branch", r.URL)
	}
	return Revision{}, fmt.Errorf("%s has no branch or tag %s; check image.ref in the answers", r.URL, r.Ref)
}

// refs is the answer of ls-remote.
type refs struct {
	commits map[string]string // by name
	head    string            // the branch that HEAD stands for
}

func parseRefs(out string) refs {
	r := refs{commits: map[string]string{}}
	for line := range strings.Lines(out) {
		left, name, ok := strings.Cut(strings.TrimSpace(line), "\t")
		if target, symbolic := strings.CutPrefix(left, "ref: "); ok && symbolic {
			r.head = target
		} else if ok && wholeCommit.MatchString(left) {
			r.commits[name] = left
		}
	}
	return r
}

// Fetch brings one revision into an empty directory, without its history.
func (r Remote) Fetch(ctx context.Context, rev Revision, dir string) (Revision, error) {
	if _, err := git(ctx, dir, "init", "-q"); err != nil {
		return rev, r.explain(err)
	}
	if _, err := git(ctx, dir, "fetch", "-q", "--depth", "1", "--no-tags", "--", r.URL, rev.name); err != nil {
		return rev, r.explain(err)
	}
	if _, err := git(ctx, dir, "checkout", "-q", "--detach", "FETCH_HEAD"); err != nil {
		return rev, r.explain(err)
	}
	commit, err := git(ctx, dir, "rev-parse", "HEAD")
	if err != nil {
		return rev, r.explain(err)
	}
	rev.Commit = strings.TrimSpace(commit) // the branch may have moved since
	return rev, nil
}

// gitError is a command of git's that failed, and what it said.
type gitError struct{ text string }

func (e *gitError) Error() string { return e.text }

// git runs a command of git's, which never asks anything.
func git(ctx context.Context, dir string, args ...string) (string, error) {
	path, err := exec.LookPath("git")
	if err != nil {
		return "", ErrNoGit
	}
	// The directory is one that we made; what is fetched into it is not ours.
	cmd := host.Command(ctx, path, append([]string{"-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false",
		"-c", "submodule.recurse=false", "-c", "fetch.recurseSubmodules=false", "-c", "protocol.ext.allow=never",
		"-c", "advice.detachedHead=false"}, args...)...)
	cmd.Dir = dir
	cmd.Env = append(cmd.Env, "GIT_TERMINAL_PROMPT=0", "GIT_SSH_COMMAND=ssh -o BatchMode=yes")
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		text := strings.TrimSpace(stderr.String())
		if text == "" {
			text = err.Error()
		}
		return "", &gitError{text}
	}
	return stdout.String(), nil
}

var (
	needsLogin  = regexp.MustCompile(`(?i)could not read (Username|Password)|Authentication failed|Permission denied \(publickey|terminal prompts disabled|access denied`)
	unreachable = regexp.MustCompile(`(?i)Could not resolve host|unable to access|Connection (refused|timed out)|Network is unreachable|Temporary failure`)
	otherOwner  = regexp.MustCompile(`(?i)detected dubious ownership`)
	noRepo      = regexp.MustCompile(`(?i)not found|does not exist|does not appear to be a git repository`)
)

// explain says in words why the repository cannot be had.
func (r Remote) explain(err error) error {
	said := (*gitError)(nil)
	switch {
	case errors.Is(err, ErrNoGit):
		return fmt.Errorf("%w, and the image is to be built from %s: apt-get install git (or your system's package), then run this again", err, r.URL)
	case !errors.As(err, &said):
		return err
	case needsLogin.MatchString(said.text):
		return fmt.Errorf("%s needs a login. Check the address. For a private repository give git a credential helper, or use ssh with a key that needs no passphrase (%s)", r.URL, lastLine(said.text))
	case otherOwner.MatchString(said.text):
		return fmt.Errorf("%s belongs to another user, whose git configuration could run commands here. "+
			"Run the same command as that user, or build from the directory itself (image: {source: path})", r.URL)
	case noRepo.MatchString(said.text):
		return fmt.Errorf("there is no repository at %s: check image.url in the answers (%s)", r.URL, lastLine(said.text))
	case unreachable.MatchString(said.text):
		return fmt.Errorf("%s could not be reached: check this machine's network and DNS, then run this again (%s)", r.URL, lastLine(said.text))
	}
	return fmt.Errorf("fetching %s: %s", r.URL, lastLine(said.text))
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	for _, line := range lines {
		if strings.HasPrefix(line, "fatal:") || strings.HasPrefix(line, "error:") {
			return line
		}
	}
	return lines[len(lines)-1]
}

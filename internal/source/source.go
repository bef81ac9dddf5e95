// Package source is the source code that an image is built from: a checkout on
// this machine or one that git brings, the build context made of it, and a
// name for the image that changes with everything that goes into it.
package source

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/marketcalls/openalgo-install/internal/image/spec"
	"github.com/marketcalls/openalgo-install/templates"
)

// Whose Dockerfile and start.sh an image is built with.
const (
	Ours   = spec.Ours
	Theirs = spec.Theirs
)

// Repository is the name, without its tag, of every image built from source.
const Repository = "openalgo-install/openalgo"

// Options say how a checkout is built.
type Options struct {
	Dockerfile string            // Ours, Theirs, or "": Theirs where the checkout has one
	Args       map[string]string // further build arguments
}

// Source is a checkout that can be built.
type Source struct {
	Dir            string // absolute
	Branch, Commit string // as git has them; "" where it is no git checkout
	Dockerfile     string // Ours or Theirs
	// BuildsFrontend says that the web interface is compiled in the build, not
	// taken from the checkout: what needs most of the memory.
	BuildsFrontend bool
	Args           map[string]string // every build argument

	files  []file
	digest string // hex, of all that goes into the image
}

// ErrNotACheckout says that a directory is not OpenAlgo's source.
var ErrNotACheckout = errors.New("not a checkout of OpenAlgo")

// Open looks at a checkout and reads every file of it that goes into the
// image.
func Open(ctx context.Context, dir string, o Options) (*Source, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("finding the checkout %s: %w", dir, err)
	}
	info, err := os.Stat(abs)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("there is no directory %s: name a checkout of OpenAlgo that is on this machine", abs)
	case err != nil:
		return nil, fmt.Errorf("looking at the checkout: %w", err)
	case !info.IsDir():
		return nil, fmt.Errorf("%s is a file, not a checkout of OpenAlgo", abs)
	}
	s := &Source{Dir: abs, Dockerfile: o.Dockerfile, Args: maps.Clone(o.Args)}
	if s.Args == nil {
		s.Args = map[string]string{}
	}
	if err := s.chooseDockerfile(); err != nil {
		return nil, err
	}
	s.Branch, s.Commit = describe(abs)
	if err := s.chooseFrontend(ctx); err != nil {
		return nil, err
	}
	if s.files, err = s.list(); err != nil {
		return nil, err
	}
	return s, s.sum()
}

// Ref is the image's name. The same source, Dockerfile and arguments have the
// same name, so that an image that exists need not be built again.
func (s *Source) Ref() string {
	tag := s.digest[:12]
	if s.Commit != "" {
		tag = s.Commit[:7] + "-" + tag
	}
	return Repository + ":" + tag
}

// String names the source for a person.
func (s *Source) String() string {
	out := s.Dir
	if s.Commit != "" {
		out += " at " + s.Commit[:7]
	}
	if s.Dockerfile == Ours {
		return out + ", with openalgo-install's Dockerfile"
	}
	return out + ", with its own Dockerfile"
}

// chooseDockerfile prefers the checkout's own, which was made for its code.
func (s *Source) chooseDockerfile() error {
	if s.Dockerfile == "" {
		s.Dockerfile = Ours
		if s.has("Dockerfile") {
			s.Dockerfile = Theirs
		}
	}
	if s.Dockerfile == Theirs {
		if !s.has("Dockerfile") {
			return fmt.Errorf("%w: %s has no Dockerfile of its own; write `dockerfile: ours`", ErrNotACheckout, s.Dir)
		}
		return nil
	}
	for _, name := range []string{"pyproject.toml", "app.py"} {
		if !s.has(name) {
			return fmt.Errorf("%w: %s has no %s", ErrNotACheckout, s.Dir, name)
		}
	}
	return nil
}

// chooseFrontend decides whether our Dockerfile compiles the web interface.
func (s *Source) chooseFrontend(ctx context.Context) error {
	if s.Dockerfile == Theirs {
		s.BuildsFrontend = true // nobody knows, so the dearer one
		return nil
	}
	brought := s.has("frontend/dist/index.html")
	sources := s.has("frontend/package.json")
	switch asked := s.Args["FRONTEND"]; {
	case asked != "":
		s.BuildsFrontend = asked == "build"
	case !brought && !sources:
		return fmt.Errorf("%w: %s has neither frontend/package.json nor a compiled frontend/dist", ErrNotACheckout, s.Dir)
	case !brought:
		s.BuildsFrontend = true
	case sources:
		s.BuildsFrontend = !s.frontendIsCurrent(ctx)
	}
	s.Args["FRONTEND"] = "brought"
	if s.BuildsFrontend {
		s.Args["FRONTEND"] = "build"
	} else if s.Args["NODE_IMAGE"] == "" {
		// The stage only hands on what is there: no second image for that.
		s.Args["NODE_IMAGE"] = defaultArgs()["PYTHON_IMAGE"]
		if python := s.Args["PYTHON_IMAGE"]; python != "" {
			s.Args["NODE_IMAGE"] = python
		}
	}
	return nil
}

// frontendIsCurrent reports whether frontend/dist was made of the frontend's
// present source: committed with it and unchanged, or newer than all of it.
func (s *Source) frontendIsCurrent(ctx context.Context) bool {
	if s.Commit != "" && s.committed(ctx, "frontend") {
		return true
	}
	built, err := os.Stat(filepath.Join(s.Dir, "frontend/dist/index.html"))
	if err != nil {
		return false
	}
	newer := errors.New("newer")
	err = filepath.WalkDir(filepath.Join(s.Dir, "frontend"), func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "dist" || d.Name() == "node_modules") {
			return filepath.SkipDir
		}
		if info, err := d.Info(); err != nil || !d.IsDir() && info.ModTime().After(built.ModTime()) {
			return newer
		}
		return nil
	})
	return err == nil
}

// sum is over everything that decides what the image is.
func (s *Source) sum() error {
	hash := sha256.New()
	fmt.Fprintf(hash, "%s\n", s.Dockerfile)
	for _, name := range slices.Sorted(maps.Keys(s.Args)) {
		fmt.Fprintf(hash, "arg %q %q\n", name, s.Args[name])
	}
	sums := make([][]byte, len(s.files))
	group := errgroup.Group{}
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, f := range s.files {
		group.Go(func() error {
			one := sha256.New()
			err := f.sum(one)
			sums[i] = one.Sum(nil)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	for _, one := range sums {
		hash.Write(one)
	}
	s.digest = hex.EncodeToString(hash.Sum(nil))
	return nil
}

// dockerfileText is the Dockerfile that the build reads.
func (s *Source) dockerfileText() ([]byte, error) {
	if s.Dockerfile == Ours {
		return templates.Dockerfile(), nil
	}
	text, err := s.Read("Dockerfile")
	if err != nil {
		return nil, fmt.Errorf("reading the checkout's Dockerfile: %w", err)
	}
	return text, nil
}

// bigContext is from where the classic builder is the faster one: without a
// session BuildKit stores what it is sent as one file before it unpacks it
// (measured: 1.5 GB take 5.6 s and 12.3 s).
const bigContext = 256 << 20

// PrefersClassic reports whether the classic builder is faster, and enough.
func (s *Source) PrefersClassic() bool {
	var size int64
	for _, f := range s.files {
		if f.root != "" && f.info.Mode().IsRegular() {
			size += f.info.Size()
		}
	}
	text, err := s.dockerfileText()
	return err == nil && size > bigContext && !buildKitOnly.Match(text)
}

// buildKitOnly is what a Dockerfile has that the classic builder does not know.
var buildKitOnly = regexp.MustCompile(`(?im)^\s*#\s*syntax\s*=|\s--(mount|network|security|link|chmod|checksum|exclude|parents|keep-git-dir)\b|<<-?["']?\w`)

// Bases are the images that the build begins with.
func (s *Source) Bases() ([]string, error) {
	text, err := s.dockerfileText()
	if err != nil {
		return nil, err
	}
	return Bases(string(text), s.Args), nil
}

// defaultArgs are the arguments that our Dockerfile declares before its first
// stage, with their defaults.
func defaultArgs() map[string]string {
	out := map[string]string{}
	for line := range strings.Lines(string(templates.Dockerfile())) {
		if strings.HasPrefix(line, "FROM ") {
			break
		}
		if name, value, ok := strings.Cut(strings.TrimPrefix(line, "ARG "), "="); ok && strings.HasPrefix(line, "ARG ") {
			out[name] = strings.TrimSpace(value)
		}
	}
	return out
}

// Key stands for one commit built in one way, whatever the repository.
func Key(commit string, o Options) string {
	hash := sha256.New()
	fmt.Fprintf(hash, "%s %q\n", commit, o.Dockerfile)
	for _, name := range slices.Sorted(maps.Keys(o.Args)) {
		fmt.Fprintf(hash, "arg %q %q\n", name, o.Args[name])
	}
	hash.Write(templates.DockerIgnore())
	for _, f := range templates.BuildFiles() {
		hash.Write(f.Text)
	}
	return hex.EncodeToString(hash.Sum(nil))[:24]
}

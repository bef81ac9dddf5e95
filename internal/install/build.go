package install

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/host"
	"github.com/marketcalls/openalgo-install/internal/printable"
	"github.com/marketcalls/openalgo-install/internal/source"
)

// What a build needs, in MiB of RAM and swap together and of free disk. The
// web interface's compiler alone takes over 2 GB: on hosts with less the build
// of the old script was killed (docs/openalgo-facts.md 4, 8: #939, #943).
const (
	buildMemoryMiB    = 1500
	frontendMemoryMiB = 3000
	buildDiskMiB      = 8192
)

// Labels of an image that was built here.
const (
	labelBuiltFor   = "io.openalgo.install.project"
	labelSource     = "io.openalgo.install.source"     // what was asked for, see sourceKey
	labelDockerfile = "io.openalgo.install.dockerfile" // source.Ours or source.Theirs
	labelBranch     = "io.openalgo.install.branch"
	labelRevision   = "org.opencontainers.image.revision"
)

// ErrBuildTooBig says that this machine can't build an image, but could pull
// one.
var ErrBuildTooBig = errors.New("this machine is too small to build the image")

// built is the image that the answers ask to have built from source.
type built struct {
	ref            string
	key            string // sourceKey, for a git source
	dockerfile     string // source.Ours or source.Theirs
	branch, commit string
	from           string         // for a person
	src            *source.Source // nil: the image is on the engine already
}

// openedSource is the source that a run builds from: it is opened once.
type openedSource struct {
	built    *built // nil: not yet, or none is asked for
	checkout string // where it was fetched to; "" when it was not
}

// open finds out what image the source stands for; nil where none is built. A
// repository that was built at the same commit before is not fetched again.
func (s *openedSource) open(ctx context.Context, in *Installer, i Intent) (*built, error) {
	a := i.Answers
	if i.Image.Keep != nil || a.Image.Source != "git" && a.Image.Source != "path" {
		s.built = nil
		return nil, nil
	}
	if s.built == nil {
		if err := s.openNew(ctx, in, a); err != nil {
			return nil, err
		}
	}
	return s.built, nil
}

func (s *openedSource) openNew(ctx context.Context, in *Installer, a answers.Answers) error {
	options := source.Options{Dockerfile: a.Image.Dockerfile, Args: a.Image.BuildArgs}
	if a.Image.Source == "path" {
		src, err := source.Open(ctx, a.Image.Path, options)
		if err != nil {
			return sourceError(ctx, "image.path", err)
		}
		s.use(src, src.String())
		return nil
	}
	return s.openRemote(ctx, in, source.Remote{URL: a.Image.URL, Ref: a.Image.Ref}, options)
}

func (s *openedSource) use(src *source.Source, from string) {
	s.built = &built{ref: src.Ref(), dockerfile: src.Dockerfile, branch: src.Branch, commit: src.Commit, from: from, src: src}
}

func (s *openedSource) openRemote(ctx context.Context, in *Installer, remote source.Remote, o source.Options) error {
	rev, err := remote.Resolve(ctx)
	if err != nil {
		return sourceError(ctx, "image.url", err)
	}
	key := source.Key(rev.Commit, o)
	images, err := in.Engine.Images(ctx, labelSource+"="+key)
	if err != nil {
		return fmt.Errorf("looking for an image that was built before: %w", err)
	}
	for _, image := range images {
		if strings.HasPrefix(image.Ref, source.Repository+":") {
			s.built = &built{ref: image.Ref, key: key, dockerfile: image.Labels[labelDockerfile],
				branch: rev.Branch, commit: rev.Commit, from: remote.URL}
			return nil
		}
	}
	if s.checkout == "" {
		if s.checkout, err = host.TempDir("source"); err != nil {
			return finding.Errorf(finding.HostNotReady, "making a directory for the source: %w", err)
		}
	}
	in.note("fetching " + remote.URL + " at " + rev.Commit[:7])
	if rev, err = remote.Fetch(ctx, rev, s.checkout); err != nil {
		return sourceError(ctx, "image.url", err)
	}
	src, err := source.Open(ctx, s.checkout, o)
	if err != nil {
		return sourceError(ctx, "image.url", err)
	}
	src.Branch = rev.Branch
	with := ", with its own Dockerfile"
	if src.Dockerfile == source.Ours {
		with = ", with this program's Dockerfile"
	}
	s.use(src, remote.URL+" at "+rev.Commit[:7]+with)
	s.built.key = source.Key(rev.Commit, o)
	return nil
}

// sourceError is a source that can't be had: nothing was changed.
func sourceError(ctx context.Context, key string, err error) error {
	switch {
	case ctx.Err() != nil:
		return finding.Cancel()
	case errors.Is(err, source.ErrNotACheckout):
		return finding.Errorf(finding.Usage, "%s: %w", key, err)
	}
	return finding.Errorf(finding.HostNotReady, "%s: %w", key, err)
}

// close removes what was fetched.
func (s *openedSource) close() {
	if s.checkout != "" {
		_ = os.RemoveAll(s.checkout)
	}
	*s = openedSource{}
}

// builds reports whether the plan's image is one to build here and now.
func (p *Plan) builds() bool {
	return p.built != nil && p.built.src != nil && p.built.ref == p.stack.Image
}

// buildImage builds the image of the plan.
func (in *Installer) buildImage(ctx context.Context, p *Plan) error {
	b := p.built
	bases, err := b.src.Bases()
	if err != nil {
		return finding.Errorf(finding.HostNotReady, "%w", err)
	}
	labels := map[string]string{labelBuiltFor: p.project, labelDockerfile: b.dockerfile}
	for name, value := range map[string]string{labelSource: b.key, labelRevision: b.commit, labelBranch: b.branch} {
		if value != "" {
			labels[name] = value
		}
	}
	_, err = in.Engine.Build(ctx, engine.BuildSpec{
		Ref: b.ref, Dockerfile: "Dockerfile", Classic: os.Getenv("DOCKER_BUILDKIT") == "" && b.src.PrefersClassic(), Args: b.src.Args, Labels: labels, Bases: bases,
		Context: func(ctx context.Context, to io.Writer) error { return b.src.WriteContext(ctx, to) },
	}, engine.BuildWatch{
		Pull: func(image string, progress event.PullProgress) {
			in.Report.Report(event.Event{Type: event.TypeProgress, Time: time.Now(), Step: "image", Message: image, Progress: &progress})
		},
		Step: func(progress event.BuildProgress) {
			in.Report.Report(event.Event{Type: event.TypeProgress, Time: time.Now(), Step: "image", Build: &progress})
		},
		Line: func(line string) {
			in.Report.Report(event.Event{Type: event.TypeLog, Time: time.Now(), Step: "image", Message: in.withoutSecrets(line)})
		},
	})
	return err
}

// buildReasons tell, by what a failed step printed, why it failed. The first
// that fits counts.
var buildReasons = []struct {
	sign *regexp.Regexp
	say  string
}{
	{regexp.MustCompile(`(?i)no space left on device|ENOSPC`),
		"the disk is full: make room where Docker keeps its images (docker system df shows what takes it; docker builder prune frees former builds)"},
	{regexp.MustCompile(`(?i)heap out of memory|cannot allocate memory|out of memory|MemoryError|\bENOMEM\b|signal: killed|\bKilled\b|exit code: 137|non-zero code: 137`),
		"out of memory: add swap or RAM, or pull the published image instead of building it (image: {source: registry})"},
	{regexp.MustCompile(`(?i)npm ci.*can only install|package\.json and package-lock\.json .*not in sync|lock ?file.*(needs to be updated|out of date|not up.to.date)|Missing: .* from lock file`),
		"the lock file does not fit the list of dependencies: this checkout was not finished. Take another commit, or write the lock file anew (npm install, uv lock)"},
	{regexp.MustCompile(`(?i)could not resolve|temporary failure (in name resolution|resolving)|EAI_AGAIN|ENOTFOUND|ETIMEDOUT|ECONNREFUSED|ECONNRESET|network is unreachable|failed to lookup address|dns error|connection timed out|no route to host|Failed to establish a new connection`),
		"no network in the build: check this host's network and DNS. If it needs a proxy, name it in the answers (image: {build_args: {HTTPS_PROXY: http://proxy:3128}})"},
	{regexp.MustCompile(`(?i)certificate verify failed|UnknownIssuer|self.signed certificate|unable to get local issuer`),
		"a server's certificate is not believed in the build: a proxy on the way has one of its own. Use base images that know it (image: {build_args: {PYTHON_IMAGE: ..., NODE_IMAGE: ...}})"},
}

// buildError says in words why a build failed, with what the step printed.
func (in *Installer) buildError(ref string, err error) error {
	failed := (*engine.BuildError)(nil)
	if !errors.As(err, &failed) {
		if errors.Is(err, engine.ErrNoSpace) {
			return err
		}
		return fmt.Errorf("building the image %s (nothing was changed): %w", ref, err)
	}
	var log []string
	for _, line := range failed.Log {
		log = append(log, in.withoutSecrets(line))
	}
	reason, sign := buildReason(append(slices.Clone(log), failed.Text))
	if reason == "" {
		reason = in.withoutSecrets(firstLine(failed.Text))
	}
	if tail := log[max(len(log)-shownBuildLog, 0):]; sign >= 0 && sign < len(log)-len(tail) {
		log = append([]string{log[sign], "..."}, tail...) // what gave it away came before the rest
	} else {
		log = tail
	}
	at := ""
	if failed.Step != "" {
		at = fmt.Sprintf(", at the step %q", printable.Line(firstLine(failed.Step)))
	}
	return &finding.Error{Kind: finding.Failed, Log: log, LogOf: "the step's last lines",
		Err: fmt.Errorf("building the image failed%s (nothing was changed): %s", at, reason)}
}

// shownBuildLog is how many lines of a failed step are shown.
const shownBuildLog = 20

// buildReason finds the reason in what a step printed, and the line that gives
// it away.
func buildReason(lines []string) (say string, line int) {
	for _, r := range buildReasons {
		for i, text := range lines {
			if r.sign.MatchString(text) {
				return r.say, i
			}
		}
	}
	return "", -1
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	return line
}

// tooSmall says what of a machine does not suffice for a build.
func tooSmall(ramMiB, swapMiB, freeMiB int, frontend bool, root string) []string {
	const instead = "or pull the published image instead: image: {source: registry, ref: \"" + answers.DefaultImage + "\"}"
	need, why := buildMemoryMiB, ""
	if frontend {
		need, why = frontendMemoryMiB, ", most of it to compile the web interface"
	}
	var out []string
	if ramMiB+swapMiB < need {
		out = append(out, fmt.Sprintf("building the image takes about %d MiB of memory%s, and this machine has %d MiB of RAM and %d of swap: add swap, %s",
			need, why, ramMiB, swapMiB, instead))
	}
	if freeMiB < buildDiskMiB {
		out = append(out, fmt.Sprintf("building the image takes about %d MiB of disk, and %s, where Docker keeps images, has %d MiB free: make room (docker system df), %s",
			buildDiskMiB, root, freeMiB, instead))
	}
	return out
}

// removeFormerBuilds takes away what was built for this project and is used no
// more, but for the one that ran before: that is the way back.
func (in *Installer) removeFormerBuilds(ctx context.Context, project string, keep ...string) {
	images, err := in.Engine.Images(ctx, labelBuiltFor+"="+project)
	if err != nil {
		return
	}
	for _, image := range images {
		if !slices.Contains(keep, image.ID) && strings.HasPrefix(image.Ref, source.Repository+":") {
			_ = in.Engine.RemoveImage(ctx, image.Ref) // one that a container uses stays
		}
	}
}

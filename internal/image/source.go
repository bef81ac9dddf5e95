package image

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/host"
	"github.com/marketcalls/openalgo-install/internal/image/archive"
	"github.com/marketcalls/openalgo-install/internal/image/spec"
	"github.com/marketcalls/openalgo-install/internal/source"
)

// Labels of an image that was built here.
const (
	labelBuiltFor   = "io.openalgo.install.project"
	labelSource     = "io.openalgo.install.source"     // what was asked for: source.Key
	labelDockerfile = "io.openalgo.install.dockerfile" // source.Ours or source.Theirs
	labelBranch     = "io.openalgo.install.branch"
	labelRevision   = "org.opencontainers.image.revision"
)

// Built is an image that is built from source.
type Built = spec.Built

// Source is the source that a run builds from: it is opened once.
type Source struct {
	built    *Built         // nil: not yet, or none is asked for
	file     *archive.Image // of an image that is loaded
	opened   *source.Source // of an image that Docker does not have
	checkout string         // where it was fetched to; "" when it was not
}

// Open finds out what image the source in the answers stands for; nil where none
// is built. A repository that was built at the same commit before is not fetched
// again; report gets the step in which it is.
func (s *Source) Open(ctx context.Context, e Docker, a answers.Image, report event.Reporter) (*Built, error) {
	if a.Source == "registry" || a.Source == "rehearsal" {
		s.built = nil
		return nil, nil
	}
	if s.built == nil {
		if err := s.openNew(ctx, e, a, report); err != nil {
			return nil, err
		}
	}
	return s.built, nil
}

func (s *Source) openNew(ctx context.Context, e Docker, a answers.Image, report event.Reporter) error {
	if a.Source == "file" {
		return s.openFile(ctx, e, a.Path, report)
	}
	options := source.Options{Dockerfile: a.Dockerfile, Args: a.BuildArgs}
	if a.Source == "path" {
		src, err := source.Open(ctx, a.Path, options)
		if err != nil {
			return sourceError(ctx, "image.path", err)
		}
		s.use(src, src.String())
		return nil
	}
	return s.openRemote(ctx, e, report, source.Remote{URL: a.URL, Ref: a.Ref}, options)
}

func (s *Source) use(src *source.Source, from string) {
	sample, _ := src.Read(".sample.env") // the image will have the same
	s.opened = src
	s.built = &Built{Ref: src.Ref(), Dockerfile: src.Dockerfile, Branch: src.Branch, Commit: src.Commit, From: from,
		Missing: true, BuildsFrontend: src.BuildsFrontend, Sample: sample}
}

func (s *Source) openRemote(ctx context.Context, e Docker, report event.Reporter, remote source.Remote, o source.Options) error {
	rev, err := remote.Resolve(ctx)
	if err != nil {
		return sourceError(ctx, "image.url", err)
	}
	key := source.Key(rev.Commit, o)
	images, err := e.Images(ctx, labelSource+"="+key)
	if err != nil {
		return fmt.Errorf("looking for an image that was built before: %w", err)
	}
	for _, image := range images {
		if strings.HasPrefix(image.Ref, source.Repository+":") {
			s.built = &Built{Ref: image.Ref, Key: key, Dockerfile: image.Labels[labelDockerfile],
				Branch: rev.Branch, Commit: rev.Commit, From: remote.URL}
			return nil
		}
	}
	if s.checkout == "" {
		if s.checkout, err = host.TempDir("source"); err != nil {
			return finding.Named(finding.HostNotReady, "directory-unwritable", "making a directory for the source: %w", err)
		}
	}
	end := event.Begin(report, "source", "fetch "+remote.URL+" at "+rev.Commit[:7])
	rev, err = remote.Fetch(ctx, rev, s.checkout)
	end(err)
	if err != nil {
		return sourceError(ctx, "image.url", err)
	}
	src, err := source.Open(ctx, s.checkout, o)
	if err != nil {
		return sourceError(ctx, "image.url", err)
	}
	src.Branch = rev.Branch
	with := ", with its own Dockerfile"
	if src.Dockerfile == source.Ours {
		with = ", with openalgo-install's Dockerfile"
	}
	s.use(src, remote.URL+" at "+rev.Commit[:7]+with)
	s.built.Key = source.Key(rev.Commit, o)
	return nil
}

// sourceError is a source that cannot be had: nothing was changed.
func sourceError(ctx context.Context, key string, err error) error {
	switch {
	case ctx.Err() != nil:
		return finding.Cancel()
	case errors.Is(err, source.ErrNotACheckout):
		return finding.Named(finding.Usage, "source-unusable", "%s: %w", key, err)
	}
	return finding.Named(finding.HostNotReady, "source-unusable", "%s: %w", key, err)
}

// Close removes what was fetched.
func (s *Source) Close() {
	if s.checkout != "" {
		_ = os.RemoveAll(s.checkout)
	}
	*s = Source{}
}

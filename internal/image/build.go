package image

import (
	"context"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/source"
)

// build builds an image from a source, for a project.
func (s Bringer) build(ctx context.Context, b *Built, from *source.Source, project string) error {
	bases, err := from.Bases()
	if err != nil {
		return finding.Named(finding.HostNotReady, "source-unusable", "%w", err)
	}
	labels := map[string]string{labelBuiltFor: project, labelDockerfile: b.Dockerfile}
	for name, value := range map[string]string{labelSource: b.Key, labelRevision: b.Commit, labelBranch: b.Branch} {
		if value != "" {
			labels[name] = value
		}
	}
	_, err = s.Engine.Build(ctx, engine.BuildSpec{
		Ref: b.Ref, Dockerfile: "Dockerfile", Classic: os.Getenv("DOCKER_BUILDKIT") == "" && from.PrefersClassic(), Args: from.Args, Labels: labels, Bases: bases,
		Context: func(ctx context.Context, to io.Writer) error { return from.WriteContext(ctx, to) },
	}, engine.BuildWatch{
		Pull: s.pulled(step),
		Step: func(p event.BuildProgress) {
			m := event.Meter{ID: step, Unit: event.BuildSteps, Done: int64(max(p.Step-1, 0)), Total: int64(p.Total)} // the last one has only begun
			s.Report.Report(event.Event{Type: event.TypeProgress, Time: time.Now(), Step: step, Build: &p, Meter: &m})
		},
		Line: func(line string) {
			s.Report.Report(event.Event{Type: event.TypeLog, Time: time.Now(), Step: step, Message: s.Clean(line)})
		},
	})
	return err
}

// RemoveBuilds removes what was built for a project and is used no more, except
// the images to keep: what ran before is the way back.
func RemoveBuilds(ctx context.Context, e Docker, project string, keep ...string) {
	if tags, err := e.Tags(ctx); err == nil {
		for ref, id := range tags { // what came from a file cannot be labelled
			if strings.HasPrefix(ref, source.Repository+":"+fileTag) && !slices.Contains(keep, id) {
				_ = e.RemoveImage(ctx, ref)
			}
		}
	}
	images, err := e.Images(ctx, labelBuiltFor+"="+project)
	if err != nil {
		return
	}
	for _, image := range images {
		if !slices.Contains(keep, image.ID) && IsBuild(image.Ref) {
			_ = e.RemoveImage(ctx, image.Ref) // one that a container uses stays
		}
	}
}

// IsBuild reports whether a reference is one of an image that was built here.
func IsBuild(ref string) bool { return strings.HasPrefix(ref, source.Repository+":") }

// IsBuiltFor reports whether an image was built for a project.
func IsBuiltFor(i engine.Image, project string) bool { return i.Labels[labelBuiltFor] == project }

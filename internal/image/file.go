package image

import (
	"context"
	"errors"
	"io"
	"path/filepath"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/image/archive"
	"github.com/marketcalls/openalgo-install/internal/source"
)

// fileTag begins the tag of an image that was loaded from a file.
const fileTag = "file-"

// openFile looks which image a file has. Its name here is made from its ID: another
// file is another image, and the same one is loaded once.
func (s *Source) openFile(ctx context.Context, e Docker, path string, report event.Reporter) error {
	end := event.Begin(report, "source", "read "+path)
	file, err := archive.Look(ctx, path)
	end(err)
	if err != nil {
		return fileError(ctx, path, err)
	}
	info := e.Info()
	if info.Arch != "" && file.Arch != "" && file.Arch != info.Arch || file.OS != "linux" {
		return finding.Named(finding.HostNotReady, "image-platform", "image.path: the image in %s is for %s/%s, and Docker on this machine runs on %s. Use a file made for this processor",
			file.Path, file.OS, file.Arch, "linux/"+info.Arch).Ending(finding.Unchanged)
	}
	ref := source.Repository + ":" + fileTag + strings.TrimPrefix(file.ID, "sha256:")[:12]
	here, err := e.Image(ctx, ref)
	s.file = file
	s.built = &Built{Ref: ref, From: file.Path, Missing: err != nil || !file.Is(here.ID, info.Containerd), Loaded: true}
	return nil
}

func fileError(ctx context.Context, path string, err error) error {
	if ctx.Err() != nil {
		return finding.Cancel()
	}
	kind := finding.HostNotReady
	if errors.Is(err, archive.ErrNoArchive) {
		kind = finding.Usage
	}
	return finding.Named(kind, "image-file", "image.path: %s: %w", path, err).
		With(finding.Hint{Do: "Make a new file on a machine that has the image: openalgo-install bundle --to DIR"}).Ending(finding.Unchanged)
}

// load brings the image of a file to Docker, and makes sure that it is the one that was
// looked at.
func load(ctx context.Context, e Docker, ref string, file *archive.Image) error {
	reader, writer := io.Pipe()
	go func() { writer.CloseWithError(file.Write(ctx, writer, ref)) }()
	defer reader.Close()
	if err := e.LoadImage(ctx, reader); err != nil {
		if errors.Is(err, archive.ErrNoArchive) {
			return fileError(ctx, file.Path, err)
		}
		return finding.Named(finding.Failed, "load-failed", "load the image of %s (nothing was changed): %w", file.Path, err)
	}
	loaded, err := e.Image(ctx, ref)
	if err == nil && file.Is(loaded.ID, e.Info().Containerd) {
		return nil
	}
	_ = e.RemoveImage(ctx, ref)
	return finding.Named(finding.Failed, "load-failed", "Docker did not get the image that is in %s. The file may have changed in the meantime", file.Path).
		Ending(finding.Unchanged)
}

// Chosen is where the image comes from that an upgrade with --to goes to, and what of
// --to is left to choose there.
func Chosen(now answers.Image, to string) (image answers.Image, rest string, err error) {
	switch {
	case archive.IsName(to):
		abs, err := filepath.Abs(to) // the answers are read in other directories, too
		return answers.Image{Source: "file", Path: abs}, "", err
	case (now.Source == "path" || now.Source == "file") && IsWhole(to):
		return answers.Image{Source: "registry", Ref: to}, to, nil // from now on
	case now.Source == "file" && to != "":
		return now, to, finding.Named(finding.Usage, "image-built", "the image of this instance comes from the file %s, so --to cannot choose a release", now.Path).
			With(finding.Run("Upgrade from a newer file", "upgrade", "--to", "/root/openalgo.tar.zst")).Ending(finding.Unchanged)
	}
	return now, to, nil
}

// Package offline makes the directory with which OpenAlgo is installed on a machine that
// has no network: the program, the image in a file, Docker's packages, checksums.
package offline

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"aead.dev/minisign"
	"github.com/klauspost/compress/zstd"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/image/archive"
)

// The files of the directory.
const (
	Program   = "openalgo-install"
	ImageFile = "openalgo.tar.zst"
	packages  = "docker"
	sums      = "SHA256SUMS"
	signature = sums + ".minisig"
	readme    = "README.txt"
)

// Docker is what this package uses of Docker.
type Docker interface {
	Image(ctx context.Context, ref string) (engine.Image, error)
	SaveImage(ctx context.Context, ref string, to io.Writer) error
}

// Options say what is put into the directory.
type Options struct {
	Dir    string // absolute; new or empty
	Ref    string // of an image that Docker has
	Key    *minisign.PrivateKey
	Report event.Reporter
	// Fetch brings Docker's packages into a directory, and returns the command that
	// installs them; nil for none.
	Fetch func(ctx context.Context, dir string) (install string, err error)
}

// Made is the directory.
type Made struct {
	Dir      string   `json:"dir"`
	Image    string   `json:"image"`
	ImageID  string   `json:"image_id"`
	Platform string   `json:"platform"`
	Packages int      `json:"packages"`
	Signed   bool     `json:"signed"`
	Commands []string `json:"commands"` // for the other machine, in the directory
}

// Make makes the directory. What it made is removed again where it fails.
func Make(ctx context.Context, e Docker, o Options) (m Made, err error) {
	if err := begin(o.Dir); err != nil {
		return m, err
	}
	defer func() {
		if err == nil {
			return
		}
		for _, name := range []string{Program, ImageFile, packages, sums, signature, readme} {
			_ = os.RemoveAll(filepath.Join(o.Dir, name))
		}
		_ = os.Remove(o.Dir)
		if finding.IDOf(err) == "" {
			err = finding.Named(finding.Failed, "offline-failed", "making %s: %w", o.Dir, err).Ending(finding.Unchanged)
		}
	}()
	image, err := e.Image(ctx, o.Ref)
	if err != nil {
		return m, err
	}
	m = Made{Dir: o.Dir, Image: o.Ref, ImageID: image.ID, Platform: image.OS + "/" + image.Arch, Signed: o.Key != nil}
	step := func(title string, do func() error) {
		if err != nil {
			return
		}
		end := event.Begin(o.Report, "offline", title)
		err = do()
		end(err)
		if ctx.Err() != nil {
			err = finding.Cancel()
		}
	}
	install := ""
	step("copy openalgo-install", func() error { return copySelf(filepath.Join(o.Dir, Program)) })
	step("save the image "+o.Ref, func() error { return saveImage(ctx, e, o.Ref, filepath.Join(o.Dir, ImageFile)) })
	if o.Fetch != nil {
		step("fetch Docker's packages", func() (err error) { install, m.Packages, err = fetch(ctx, o); return err })
	}
	m.Commands = commands(install)
	step("write checksums", func() error { return finish(ctx, o, m) })
	return m, err
}

// begin makes the directory, if it is not there.
func begin(dir string) error {
	err := os.Mkdir(dir, 0o755)
	if errors.Is(err, fs.ErrExist) {
		var there []os.DirEntry
		if there, err = os.ReadDir(dir); len(there) > 0 {
			return finding.Named(finding.Usage, "offline-dir", "the directory %s is not empty. Choose a new one with --to", dir).Ending(finding.Unchanged)
		}
	}
	if err != nil {
		return finding.Named(finding.Usage, "offline-dir", "--to: %w", err).Ending(finding.Unchanged)
	}
	return nil
}

func copySelf(to string) error {
	path, err := os.Executable()
	if err != nil {
		return err
	}
	from, err := os.Open(path)
	if err != nil {
		return err
	}
	defer from.Close()
	return create(to, 0o755, func(w io.Writer) error { _, err := io.Copy(w, from); return err })
}

// saveImage writes the image, and reads it back: what cannot be loaded is found here,
// where there is a network.
func saveImage(ctx context.Context, e Docker, ref, to string) error {
	err := create(to, 0o644, func(w io.Writer) error {
		zip, err := zstd.NewWriter(w, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithWindowSize(4<<20),
			zstd.WithEncoderConcurrency(2), zstd.WithLowerEncoderMem(true))
		if err != nil {
			return err
		}
		return errors.Join(e.SaveImage(ctx, ref, zip), zip.Close())
	})
	if err != nil {
		return err
	}
	_, err = archive.Look(ctx, to)
	return err
}

func fetch(ctx context.Context, o Options) (install string, count int, err error) {
	dir := filepath.Join(o.Dir, packages)
	if err := os.Mkdir(dir, 0o755); err != nil {
		return "", 0, err
	}
	if install, err = o.Fetch(ctx, dir); err != nil {
		return "", 0, err
	}
	for _, name := range []string{"lock", "partial"} { // apt's own
		_ = os.RemoveAll(filepath.Join(dir, name))
	}
	there, err := os.ReadDir(dir)
	if err == nil && len(there) == 0 {
		err = fmt.Errorf("no package came into %s", dir)
	}
	return install, len(there), err
}

// create writes a new file, to the disk.
func create(path string, mode fs.FileMode, write func(io.Writer) error) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	return errors.Join(write(file), file.Chmod(mode), file.Sync(), file.Close())
}

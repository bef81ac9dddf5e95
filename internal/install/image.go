package install

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"sync"
	"time"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/rehearsal"
	"github.com/marketcalls/openalgo-install/templates"
)

// imageRef is the reference that docker-compose.yaml names.
func imageRef(o *observed, i Intent) string {
	switch {
	case i.Image.Keep != nil:
		return i.Image.Keep.ref
	case i.Answers.Image.Source == "rehearsal":
		return o.testImage
	case o.built != nil:
		return o.built.ref
	}
	return i.Answers.Image.Ref
}

// selfHash is the SHA-256 of this program: the rehearsal image is made from
// it, and its tag says from which.
var selfHash = sync.OnceValue(func() string {
	file, err := openSelf()
	if err != nil {
		return "unknown"
	}
	defer file.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, file); err != nil {
		return "unknown"
	}
	return hex.EncodeToString(sum.Sum(nil))
})

func openSelf() (*os.File, error) {
	path, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("finding this program's own file: %w", err)
	}
	return os.Open(path)
}

// bringImage pulls the image, builds it, or makes the rehearsal image.
func (in *Installer) bringImage(ctx context.Context, p *Plan) error {
	title := "bring the image "
	if p.builds() {
		title = "build the image "
	}
	began := in.stepStarted("image", title+p.stack.Image)
	var err error
	switch {
	case p.answers.Image.Source == "rehearsal":
		err = in.importRehearsal(ctx, p.stack.Image)
	case p.builds():
		if err = in.buildImage(ctx, p); err != nil {
			in.stepEnded("image", event.Failed, began)
			return in.buildError(p.stack.Image, err)
		}
	default:
		_, err = in.Engine.Pull(ctx, p.stack.Image, in.progress("image"))
	}
	if err != nil {
		in.stepEnded("image", event.Failed, began)
		return &finding.Error{Kind: finding.Failed, Err: pullError(p.stack.Image, err)}
	}
	in.stepEnded("image", event.Done, began)
	return nil
}

// progress reports a pull, as a part of a step.
func (in *Installer) progress(step string) func(event.PullProgress) {
	return func(progress event.PullProgress) {
		in.Report.Report(event.Event{Type: event.TypeProgress, Time: time.Now(), Step: step, Progress: &progress})
	}
}

func pullError(ref string, err error) error {
	switch {
	case errors.Is(err, engine.ErrLoginNeeded):
		return fmt.Errorf("the registry wants a login for %s (nothing was changed): docker login, then run this again: %w", ref, err)
	case errors.Is(err, engine.ErrImageNotFound), errors.Is(err, engine.ErrNotFound):
		return fmt.Errorf("there is no image %s (nothing was changed): check image.ref in the answers, name and tag: %w", ref, err)
	default:
		return fmt.Errorf("bringing the image %s (nothing was changed): %w", ref, err)
	}
}

func (in *Installer) importRehearsal(ctx context.Context, ref string) error {
	info := in.Engine.Info()
	if info.Arch != "" && info.Arch != runtime.GOARCH {
		return fmt.Errorf("this program is for %s and the engine runs %s: run the program built for that machine", runtime.GOARCH, info.Arch)
	}
	self, err := openSelf()
	if err != nil {
		return err
	}
	defer self.Close()
	stat, err := self.Stat()
	if err != nil {
		return fmt.Errorf("reading this program's own file: %w", err)
	}
	reader, writer := io.Pipe()
	go func() {
		writer.CloseWithError(rehearsal.WriteImage(writer, self, stat.Size(), stat.ModTime(), templates.Env))
	}()
	defer reader.Close()
	_, err = in.Engine.Import(ctx, ref, reader, rehearsal.ImageChanges("rehearsal", ref))
	return err
}

// removeRehearsalImage takes the stand-in's image away, with the unnamed ones
// that runs at the same time left of it; what a container uses stays.
func (in *Installer) removeRehearsalImage(ctx context.Context, ref string) {
	made, err := in.Engine.Images(ctx, rehearsal.Label(ref))
	if err != nil {
		return
	}
	for _, image := range made {
		_ = in.Engine.RemoveImage(ctx, image.ID)
	}
}

package install

import (
	"context"

	"github.com/marketcalls/openalgo-install/internal/image"
)

// imageRef is the reference that docker-compose.yaml names.
func imageRef(o *observed, i Intent) string {
	switch {
	case i.Image.Keep != nil:
		return i.Image.Keep.ref
	case i.Answers.Image.Source == "rehearsal":
		return o.TestImage
	case o.Built != nil:
		return o.Built.Ref
	}
	return i.Answers.Image.Ref
}

func (in *Installer) images() image.Bringer {
	return image.Bringer{Engine: in.Engine, Report: in.Report, Clean: in.withoutSecrets}
}

// wantedImage is the image that a plan needs.
func (p *Plan) wantedImage() image.Want {
	return image.Want{Ref: p.stack.Image, Test: p.answers.Image.Source == "rehearsal", Built: p.built, Project: p.project}
}

// builds reports whether the plan's image is one to build here and now.
func (p *Plan) builds() bool { return p.wantedImage().IsBuilt() }

// openSource finds out what image is built; nil where none is.
func (in *Installer) openSource(ctx context.Context, i Intent) (*image.Built, error) {
	a := i.Answers.Image
	if i.Image.Keep != nil {
		a.Source = "registry"
	}
	return in.source.Open(ctx, in.Engine, a, in.note)
}

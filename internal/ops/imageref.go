package ops

import (
	"context"

	"github.com/marketcalls/openalgo-install/internal/image"
	"github.com/marketcalls/openalgo-install/internal/plan"
)

func (in *Session) images() image.Bringer {
	return image.Bringer{Engine: in.Engine, Report: in.Report, Clean: in.withoutSecrets}
}

// openSource finds out what image is built; nil where none is.
func (in *Session) openSource(ctx context.Context, i plan.Intent) (*image.Built, error) {
	a := i.Answers.Image
	if i.Image.Keep != nil {
		a.Source = "registry"
	}
	return in.source.Open(ctx, in.Engine, a, in.note)
}

package ops

import (
	"context"

	"github.com/marketcalls/openalgo-install/internal/image"
	"github.com/marketcalls/openalgo-install/internal/plan"
)

func (in *kit) images() image.Bringer {
	return image.Bringer{Engine: in.Engine, Report: in.Report, Clean: in.withoutSecrets}
}

// openSource finds out what image is built; nil where none is.
func openSource(ctx context.Context, t *turn, i plan.Intent) (*image.Built, error) {
	a := i.Answers.Image
	if i.Image.Keep != nil {
		a.Source = "registry"
	}
	return t.source.Open(ctx, t.Engine, a, t.note)
}

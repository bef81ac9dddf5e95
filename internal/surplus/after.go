package surplus

import (
	"context"
	"fmt"

	"github.com/marketcalls/openalgo-install/internal/printable"
	"github.com/marketcalls/openalgo-install/internal/run"
	"github.com/marketcalls/openalgo-install/internal/step"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// AfterUpgrade removes the images of earlier releases that nothing needs, as an upgrade
// leaves one more each time, and says so; "" where there is none. Copies of data
// stay: only clean removes them. The upgrade is done by then, so nothing fails it.
func AfterUpgrade(ctx context.Context, l *world.Looker, t *run.Tools) string {
	o, err := l.Look(ctx, false)
	if err != nil {
		return ""
	}
	seen, err := Look(ctx, l, o)
	if err != nil {
		return ""
	}
	count, bytes := 0, int64(0)
	for _, item := range seen.Items() {
		if item.Image == "" {
			continue
		}
		if err := (&step.RemoveImage{ID: item.Image, Names: item.Names}).Do(ctx, t); err != nil {
			break
		}
		if _, err := t.Engine.Image(ctx, item.Image); err != nil { // Docker may have refused
			count, bytes = count+1, bytes+item.Bytes
		}
	}
	if count == 0 {
		return ""
	}
	return fmt.Sprintf(". Removed %s of earlier releases (up to %s)", printable.Count(count, "image"), printable.Size(bytes))
}

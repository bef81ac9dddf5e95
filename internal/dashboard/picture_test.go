package dashboard

import (
	"testing"

	"github.com/marketcalls/openalgo-install/internal/picture"
	"github.com/marketcalls/openalgo-install/internal/theme"
)

// The picture in docs/images is a golden frame, drawn.
func TestPicture(t *testing.T) {
	const alt = "The dashboard: five instances with state, CPU, memory, certificate, last backup and problems, and the details of one"
	picture.Golden(t, "dashboard-five", alt, *update, func(dark bool) string {
		o := theme.Options{Colours: theme.Sixteen, Ground: theme.Light, Unicode: true}
		if dark {
			o.Ground = theme.Dark
		}
		return begin(t, newFake(5), o, 80, 24).m.View()
	})
}

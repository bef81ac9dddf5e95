package wizard

import (
	"testing"

	"github.com/marketcalls/openalgo-install/internal/picture"
	"github.com/marketcalls/openalgo-install/internal/theme"
)

// pictures are the frames that the README shows, with words for readers who do not
// see them.
var pictures = []struct{ frame, alt string }{
	{"machine", "The first page: what this machine has, and that OpenAlgo can be installed"},
	{"broker", "The broker page: a list of brokers, which typing makes shorter"},
	{"review", "The plan: files, image, volume and container, and the size of each limit"},
	{"result", "The last page: OpenAlgo is ready, its address, and the next steps"},
}

// The pictures in docs/images are the golden frames, drawn.
func TestPictures(t *testing.T) {
	for _, p := range pictures {
		t.Run(p.frame, func(t *testing.T) {
			for _, f := range frames {
				if f.name != p.frame {
					continue
				}
				picture.Golden(t, "wizard-"+p.frame, p.alt, *update, func(dark bool) string {
					host := testHost()
					if f.host != nil {
						f.host(&host)
					}
					o := theme.Options{Colours: theme.Sixteen, Ground: theme.Light, Unicode: true}
					if dark {
						o.Ground = theme.Dark
					}
					s := newThemed(t, host, o, 80, 24).keys(f.way...)
					if f.sees != "" {
						s.until(f.sees)
					}
					if f.do != nil {
						f.do(s)
					}
					return s.m.View()
				})
				return
			}
			t.Errorf("no frame is called %s", p.frame)
		})
	}
}

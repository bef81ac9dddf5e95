package world

import (
	"context"
	"time"

	"github.com/marketcalls/openalgo-install/internal/edge"
	"github.com/marketcalls/openalgo-install/internal/instance"
)

// Front is what serves a stack over HTTPS: the edge's Caddy, or the host's nginx.
type Front interface {
	Plan(context.Context, edge.Site) (*edge.Plan, error)
	Gone(domain, instance, dir string) (*edge.Plan, error)
	Apply(context.Context) error
	Await(ctx context.Context, domain string, trust edge.Trust, began time.Time) error
	Address() string
}

// OpenFront opens what serves the site of a state.
func (l *Looker) OpenFront(ctx context.Context, s instance.Edge) (Front, error) {
	settings := edge.Settings{Dir: s.Dir}
	if s.Kind == edge.KindNginx {
		settings.HTTP, settings.HTTPS = s.HTTP, s.HTTPS
	} // else as its files say
	return openFront(ctx, l, s.Kind, settings)
}

func openFront(ctx context.Context, l *Looker, kind string, settings edge.Settings) (Front, error) {
	if kind == edge.KindNginx {
		return edge.OpenNginx(ctx, settings, webroot(l.Dir))
	}
	return edge.OpenCaddy(ctx, l.Engine, settings)
}

// webroot is where nginx answers a certificate authority's challenges from.
func webroot(d instance.Dir) string { return d.Path("acme") }

package ops

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/marketcalls/openalgo-install/internal/edge"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/readfile"
	"github.com/marketcalls/openalgo-install/internal/ready"
	"github.com/marketcalls/openalgo-install/internal/run"
)

// serve puts the domain's site in place and waits for its certificate, while
// the previous container still runs.
func (r *changes) serve(ctx context.Context, place func([]edge.File) error) error {
	e := r.plan.Edge
	began := time.Now()
	front, err := r.in.see().OpenWay(ctx, e.Way)
	if err != nil {
		return err
	}
	files := e.Files
	if e.Certbot {
		r.in.note("certbot asks for a certificate for " + e.Site.Domain)
	}
	if err := place(files); err != nil {
		return err
	}
	run.Failpoint("edge-placed")
	trust := ready.SiteOf(e.State).Trust
	if c, ok := front.(*edge.Caddy); ok && e.Trial != "" {
		if err := r.trial(ctx, c, began, place); err != nil {
			return err
		}
		trust.Patient = true
	}
	if err := front.Apply(ctx); err != nil {
		return err
	}
	run.Failpoint("edge-applied")
	if n, ok := front.(*edge.Nginx); ok && e.Certbot {
		if err := n.Obtain(ctx, &e.Site); err != nil {
			return err
		}
		if err := place([]edge.File{n.File(e.Site)}); err != nil {
			return err
		}
		if err := n.Apply(ctx); err != nil {
			return err
		}
	}
	err = front.Await(ctx, e.State.Domain, trust, began)
	if refused := (*edge.IssueError)(nil); errors.As(err, &refused) {
		r.in.noteRefusal(refused.Domain)
	}
	return err
}

// trial gets a certificate that nobody trusts, and puts the site back: what
// keeps the authority from reaching this host shows without costing one of its
// few attempts an hour.
func (r *changes) trial(ctx context.Context, c *edge.Caddy, began time.Time, place func([]edge.File) error) error {
	e := r.plan.Edge
	final, err := readfile.Regular(c.Trial(e.Site, e.Trial).Path, readfile.Config)
	if err != nil {
		return fmt.Errorf("reading the site: %w", err)
	}
	r.in.note("the last attempt failed, so a trial certificate comes first")
	if err := place([]edge.File{c.Trial(e.Site, e.Trial)}); err != nil {
		return err
	}
	if err := c.Apply(ctx); err != nil {
		return err
	}
	if err := c.Await(ctx, e.State.Domain, edge.Trust{Any: true}, began); err != nil {
		return err
	}
	// Caddy keeps a certificate that it has for a name, whatever authority is
	// asked next; it forgets that of a name which is gone.
	path := c.Trial(e.Site, e.Trial).Path
	if err := place([]edge.File{{Path: path}}); err != nil {
		return err
	}
	if err := c.Apply(ctx); err != nil {
		return err
	}
	return place([]edge.File{{Path: path, Text: final, Mode: 0o644}})
}

// takeSite removes files of a site, and has the edge read the rest.
func (in *Session) takeSite(ctx context.Context, s instance.Edge, paths []string) error {
	for _, path := range paths {
		if err := (edge.File{Path: path}).Place(); err != nil {
			return err
		}
	}
	f, err := in.openFront(ctx, s)
	if err != nil {
		return err
	}
	return f.Apply(ctx)
}

package step

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/marketcalls/openalgo-install/internal/edge"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/readfile"
	"github.com/marketcalls/openalgo-install/internal/run"
)

// server is a run.Front with a certificate.
type server interface {
	run.Front
	Await(ctx context.Context, domain string, trust edge.Trust, began time.Time) error
}

// Do puts the site in place and waits for its certificate.
func (s *ServeSite) Do(ctx context.Context, t *run.Tools) error {
	began := time.Now()
	if s.Certbot {
		t.Note("get a certificate with certbot for " + s.Site.Domain)
	}
	var front server
	var err error
	// nginx is asked whether it is right before our site is there; Caddy's
	// settings are among what is written.
	if s.Site.Kind == edge.KindNginx {
		if front, err = s.open(ctx, t); err != nil {
			return err
		}
	}
	if err := s.place(t, append(s.gone(), s.Write...)); err != nil {
		return err
	}
	t.Point("edge-placed")
	if front == nil {
		if front, err = s.open(ctx, t); err != nil {
			return err
		}
	}
	trust := s.trust()
	if c, ok := front.(trying); ok && s.Trial != "" {
		if err := s.try(ctx, t, c, began); err != nil {
			return err
		}
		trust.Patient = true
	}
	if err := front.Apply(ctx); err != nil {
		return err
	}
	t.Point("edge-applied")
	if n, ok := front.(*edge.Nginx); ok && s.Certbot {
		if err := s.obtain(ctx, t, n); err != nil {
			return err
		}
	}
	err = front.Await(ctx, s.Site.Domain, trust, began)
	if refused := (*edge.IssueError)(nil); errors.As(err, &refused) {
		NoteRefusal(t.Dir, refused.Domain)
	}
	return err
}

// gone are the shared files that another run removed with the last site since
// this one was planned.
func (s *ServeSite) gone() (out []edge.File) {
	for _, f := range s.Shared {
		written := func(w edge.File) bool { return w.Path == f.Path }
		if now, err := readOptional(f.Path); err == nil && now == nil && !slices.ContainsFunc(s.Write, written) {
			out = append(out, f)
		}
	}
	return out
}

// open opens what serves the site.
func (s *ServeSite) open(ctx context.Context, t *run.Tools) (server, error) {
	opened, err := t.App.Front(ctx, s.Site)
	if err != nil {
		return nil, err
	}
	front, ok := opened.(server)
	if !ok {
		return nil, fmt.Errorf("%T has no certificates", opened)
	}
	return front, nil
}

// trust is what the certificate must lead to.
func (s *ServeSite) trust() edge.Trust {
	site := edge.Site{}
	if s.Site.Root != "" {
		site.CARoot, _ = readfile.Regular(s.Site.Root, readfile.Config) // without it the wait fails, and says so
	}
	trust := edge.TrustOf(site)
	trust.Any = s.Site.Any
	return trust
}

// obtain has certbot ask for a certificate, and serves it.
func (s *ServeSite) obtain(ctx context.Context, t *run.Tools, n *edge.Nginx) error {
	site := s.Seen
	if err := n.Obtain(ctx, &site); err != nil {
		return err
	}
	if err := s.place(t, []edge.File{n.File(site)}); err != nil {
		return err
	}
	return n.Apply(ctx)
}

// trying is a server that can ask another certificate authority.
type trying interface {
	server
	Trial(s edge.Site, ca string) edge.File
}

// try gets a certificate that nobody trusts, and puts the site back: what
// keeps the authority from reaching this machine shows without costing one of its
// few attempts an hour.
func (s *ServeSite) try(ctx context.Context, t *run.Tools, c trying, began time.Time) error {
	trial := c.Trial(s.Seen, s.Trial)
	final, err := readfile.Regular(trial.Path, readfile.Config)
	if err != nil {
		return fmt.Errorf("read the site: %w", err)
	}
	t.Note("the last attempt failed, so openalgo-install gets a test certificate first")
	if err := s.place(t, []edge.File{trial}); err != nil {
		return err
	}
	if err := c.Apply(ctx); err != nil {
		return err
	}
	if err := c.Await(ctx, s.Site.Domain, edge.Trust{Any: true}, began); err != nil {
		return err
	}
	// Caddy keeps a certificate that it has for a name, whatever authority is
	// asked next; it forgets that of a name which is gone.
	if err := s.place(t, []edge.File{{Path: trial.Path}}); err != nil {
		return err
	}
	if err := c.Apply(ctx); err != nil {
		return err
	}
	return s.place(t, []edge.File{{Path: trial.Path, Text: final, Mode: 0o644}})
}

// NoteRefusal keeps that an attempt failed. It is of no use to fail for it.
func NoteRefusal(dir instance.Dir, domain string) {
	file, err := instance.OpenOwn(dir.Work(instance.Refusals), os.O_CREATE|os.O_APPEND|os.O_WRONLY)
	if err != nil {
		return
	}
	defer file.Close()
	fmt.Fprintf(file, "%s %s\n", time.Now().UTC().Format(time.RFC3339), domain)
}

package install

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/marketcalls/openalgo-install/internal/edge"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/readfile"
)

// edgeChange is what a run does to the edge, on disk before it is done.
type edgeChange struct {
	State instance.Edge `json:"state"`
	Files []fileChange  `json:"files,omitempty"` // absolute paths, with their former versions
	// Gone are the files of a former domain's site, which go at the end.
	Gone     []string      `json:"gone,omitempty"`
	GoneFrom instance.Edge `json:"gone_from,omitzero"`
}

// edge puts the domain's site in place and waits for its certificate, while
// the former container still runs.
func (r *run) edge(ctx context.Context) error {
	e := r.plan.edge
	began := time.Now()
	files := e.files
	if e.certbot {
		r.in.note("certbot asks for a certificate for " + e.site.Domain)
	}
	if err := r.placeEdge(files); err != nil {
		return err
	}
	failpoint("edge-placed")
	trust := edgeTrust(e.state)
	if c, ok := e.front.(*edge.Caddy); ok && e.trial != "" {
		if err := r.trial(ctx, c, began); err != nil {
			return err
		}
		trust.Patient = true
	}
	if err := e.front.Apply(ctx); err != nil {
		return err
	}
	failpoint("edge-applied")
	if n, ok := e.front.(*edge.Nginx); ok && e.certbot {
		if err := n.Obtain(ctx, &e.site); err != nil {
			return err
		}
		if err := r.placeEdge([]edge.File{n.File(e.site)}); err != nil {
			return err
		}
		if err := n.Apply(ctx); err != nil {
			return err
		}
	}
	err := e.front.Await(ctx, e.state.Domain, trust, began)
	if refused := (*edge.IssueError)(nil); errors.As(err, &refused) {
		r.in.noteRefusal(refused.Domain)
	}
	return err
}

// trial gets a certificate that nobody trusts, and puts the site back: what
// keeps the authority from reaching this host shows without costing one of its
// few attempts an hour.
func (r *run) trial(ctx context.Context, c *edge.Caddy, began time.Time) error {
	e := r.plan.edge
	final, err := readfile.Regular(c.Trial(e.site, e.trial).Path, readfile.Config)
	if err != nil {
		return fmt.Errorf("reading the site: %w", err)
	}
	r.in.note("the last attempt failed, so a trial certificate comes first")
	if err := r.placeEdge([]edge.File{c.Trial(e.site, e.trial)}); err != nil {
		return err
	}
	if err := c.Apply(ctx); err != nil {
		return err
	}
	if err := c.Await(ctx, e.state.Domain, edge.Trust{Any: true}, began); err != nil {
		return err
	}
	// Caddy keeps a certificate that it has for a name, whatever authority is
	// asked next; it forgets that of a name which is gone.
	path := c.Trial(e.site, e.trial).Path
	if err := r.placeEdge([]edge.File{{Path: path}}); err != nil {
		return err
	}
	if err := c.Apply(ctx); err != nil {
		return err
	}
	return r.placeEdge([]edge.File{{Path: path, Text: final, Mode: 0o644}})
}

// placeEdge writes files of the edge; of each, the former version is kept.
func (r *run) placeEdge(files []edge.File) error {
	change := r.journal.Edge
	for _, f := range files {
		if err := r.keepEdgeFile(f); err != nil {
			return err
		}
	}
	for _, f := range files {
		for i := range change.Files {
			if known := &change.Files[i]; known.Name == f.Path {
				if known.SHA256 != "" {
					known.Earlier = append(known.Earlier, known.SHA256)
				}
				known.SHA256 = sha256Hex(f.Text)
			}
		}
	}
	if err := r.journal.save(); err != nil {
		return err
	}
	for _, f := range files {
		if err := f.Place(); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) keepEdgeFile(f edge.File) error {
	for _, known := range r.journal.Edge.Files {
		if known.Name == f.Path {
			return nil // the step is repeated
		}
	}
	before, err := readfile.Optional(f.Path)
	if err != nil {
		return err
	}
	c := fileChange{Name: f.Path}
	if before != nil {
		c.Former = sha256Hex(before)
		if c.Backup, err = r.in.dir.Keep("edge-"+filepath.Base(f.Path), before); err != nil {
			return err
		}
	}
	r.journal.Edge.Files = append(r.journal.Edge.Files, c)
	return nil
}

// restoreEdge brings the former files of the edge back, and has it read them.
func (in *Installer) restoreEdge(ctx context.Context, j *journal) error {
	if j.Edge == nil || len(j.Edge.Files) == 0 {
		return nil
	}
	var failed error
	made := false
	for i := len(j.Edge.Files) - 1; i >= 0; i-- {
		c := &j.Edge.Files[i]
		if c.Back {
			continue
		}
		if c.Backup == "" && edge.Shared(j.Edge.State.Dir, c.Name) {
			made = true // it goes with the last site: another run may have put its own beside ours
			continue
		}
		if err := in.restoreEdgeFile(*c); err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		c.Back = true
		j.noteUndone()
	}
	failpoint("undo-edge-files")
	f, err := in.openFront(ctx, j.Edge.State)
	if err == nil {
		err = f.Apply(ctx)
	}
	if c, ok := f.(*edge.Caddy); ok && err == nil && made {
		err = c.Forget(ctx)
	}
	if err != nil && failed == nil && j.resumed && ctx.Err() == nil && !errors.Is(err, engine.ErrUnreachable) {
		in.noteEdgeNotRead(j.Edge.State, err)
		return nil
	}
	if err != nil {
		err = fmt.Errorf("bringing the previous HTTPS back: %w", err)
	}
	return errors.Join(failed, err)
}

// noteEdgeNotRead says that the files of the HTTPS proxy are back, and that the
// proxy does not read them: it may be gone for good, and every command would
// fail for ever at an undo that wants it.
func (in *Installer) noteEdgeNotRead(s instance.Edge, cause error) {
	said := fmt.Sprintf("the previous files of the HTTPS proxy are back, but it did not read them (%v)", cause)
	if before, err := in.dir.LoadState(); err == nil && before.Edge.Kind != "" {
		in.note(fmt.Sprintf("%s. https://%s may not be served now. To set it up again: sudo openalgo-install domain %[2]s", said, before.Edge.Domain))
		return
	}
	restart := "sudo nginx -s reload"
	if s.Kind != edge.KindNginx {
		restart = "docker compose --project-directory " + s.Dir + " restart"
	}
	in.note(fmt.Sprintf("%s. https://%s is not this instance's any more. If the proxy runs, tell it so: %s", said, s.Domain, restart))
}

// restoreEdgeFile brings one file back. One that somebody edited since stays,
// where it was there before; one that the run made goes all the same, since it
// serves a domain that is not this instance's.
func (in *Installer) restoreEdgeFile(c fileChange) error {
	now, err := readfile.Optional(c.Name)
	if err != nil {
		return fmt.Errorf("reading %s: %w", c.Name, err)
	}
	if edited := now != nil && c.SHA256 != "" && !c.known(sha256Hex(now)); edited && c.Backup == "" {
		in.keepForeign("edge-"+filepath.Base(c.Name), now)
	} else if edited {
		in.note(fmt.Sprintf("%s was changed since, so it stays as it is. The previous version is %s", c.Name, c.Backup))
		return nil
	}
	f := edge.File{Path: c.Name, Mode: 0o644}
	if strings.HasSuffix(c.Name, ".key") {
		f.Mode = 0o600
	}
	if c.Backup != "" {
		text, err := instance.ReadOwn(c.Backup)
		if err != nil {
			return fmt.Errorf("reading the previous %s: %w", c.Name, err)
		}
		f.Text = text
	}
	return f.Place()
}

// closeEdge takes the former domain's site away, once the new one is verified.
// What goes wrong here is told: it concerns a name that nobody uses any more.
func (in *Installer) closeEdge(ctx context.Context, j *journal) {
	if j.Edge == nil || len(j.Edge.Gone) == 0 {
		return
	}
	err := in.takeSite(ctx, j.Edge.GoneFrom, j.Edge.Gone)
	if err != nil {
		in.note(fmt.Sprintf("%s may still be served: %v", j.Edge.GoneFrom.Domain, err))
	}
}

// takeSite removes files of a site, and has the edge read the rest.
func (in *Installer) takeSite(ctx context.Context, s instance.Edge, paths []string) error {
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

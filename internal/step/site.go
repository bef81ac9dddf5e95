package step

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/edge"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/run"
)

func init() {
	run.Register[ServeSite]("site.serve")
	run.Register[TakeSite]("site.remove")
}

// ServeSite puts the site of a domain in place and waits for its certificate,
// while the previous container still runs.
type ServeSite struct {
	Site  instance.Edge `json:"site"`
	Files []SiteFile    `json:"files,omitempty"`

	Write   []edge.File `json:"-"` // what is written
	Shared  []edge.File `json:"-"` // what all sites have in common
	Seen    edge.Site   `json:"-"` // the site as the internet sees it
	Trial   string      `json:"-"` // certificate authority to ask for a trial first; "" is none
	Certbot bool        `json:"-"` // nginx: a certificate is asked for
}

// SiteFile is a file of the site that the run replaces.
type SiteFile struct {
	Path run.Path `json:"path"`
	Kept
	// Earlier are the hashes of what the run wrote before SHA256.
	Earlier []string `json:"earlier,omitempty"`
}

func (s *ServeSite) String() string { return "serve https://" + s.Site.Domain }

// place writes files of the site; of each, the previous version is kept.
func (s *ServeSite) place(t *run.Tools, files []edge.File) error {
	for _, f := range files {
		if err := s.keep(t, f); err != nil {
			return err
		}
	}
	for _, f := range files {
		known := s.file(t, f.Path)
		if known.SHA256 != "" {
			known.Earlier = append(known.Earlier, known.SHA256)
		}
		known.SHA256 = Sum(f.Text)
	}
	if err := t.Save(); err != nil {
		return err
	}
	for _, f := range files {
		if err := edge.Place(f); err != nil {
			return err
		}
	}
	return nil
}

func (s *ServeSite) file(t *run.Tools, path string) *SiteFile {
	for i := range s.Files {
		if s.Files[i].Path.At(t.Dir) == path {
			return &s.Files[i]
		}
	}
	return nil
}

func (s *ServeSite) keep(t *run.Tools, f edge.File) error {
	if s.file(t, f.Path) != nil {
		return nil // the step is repeated
	}
	before, err := readOptional(f.Path)
	if err != nil {
		return err
	}
	file := SiteFile{Path: run.In(t.Dir, f.Path)}
	if err := file.keep(t, "edge-"+filepath.Base(f.Path), before); err != nil {
		return err
	}
	s.Files = append(s.Files, file)
	return nil
}

// Undo brings the previous files back, and has them read.
func (s *ServeSite) Undo(ctx context.Context, t *run.Tools) error {
	if len(s.Files) == 0 {
		return nil
	}
	var failed error
	made := false
	for i := len(s.Files) - 1; i >= 0; i-- {
		f := &s.Files[i]
		if f.Back {
			continue
		}
		if f.Backup == "" && edge.Shared(s.Site.Dir, f.Path.At(t.Dir)) {
			made = true // it goes with the last site: another run may have put its own beside this one
			continue
		}
		if err := f.restore(t); err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		f.Back = true
		t.Keep()
	}
	t.Point("undo-edge-files")
	front, err := t.App.Front(ctx, s.Site)
	if err == nil {
		err = front.Apply(ctx)
	}
	if c, ok := front.(interface{ Forget(context.Context) error }); ok && err == nil && made {
		err = c.Forget(ctx)
	}
	if err != nil && failed == nil && t.Resumed() && ctx.Err() == nil && !errors.Is(err, engine.ErrUnreachable) {
		s.noteNotRead(t, err)
		return nil
	}
	if err != nil {
		err = fmt.Errorf("restore the previous HTTPS: %w", err)
	}
	return errors.Join(failed, err)
}

// noteNotRead says that the files of the HTTPS proxy are back, and that the proxy
// does not read them: it may be gone for good, and every command would fail for
// ever at an undo that wants it.
func (s *ServeSite) noteNotRead(t *run.Tools, cause error) {
	said := fmt.Sprintf("the previous files of the HTTPS proxy are restored, but the proxy did not read them (%v)", cause)
	if before := instance.Glance(t.Dir).Edge; before.Kind != "" {
		t.Note(fmt.Sprintf("%s. https://%s may not work now. To set it up again: %s", said, before.Domain, finding.Command(t.Dir, "domain", before.Domain)))
		return
	}
	restart := "sudo nginx -s reload"
	if s.Site.Kind != edge.KindNginx {
		restart = "docker compose --project-directory " + s.Site.Dir + " restart"
	}
	t.Note(fmt.Sprintf("%s. https://%s no longer belongs to this instance. If the proxy runs, let it read its files: %s", said, s.Site.Domain, restart))
}

// restore brings one file back. One that somebody edited since stays, where it
// was there before; one that the run made goes all the same, since it serves a
// domain that is not this instance's.
func (f *SiteFile) restore(t *run.Tools) error {
	path := f.Path.At(t.Dir)
	now, err := readOptional(path)
	if err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	if edited := now != nil && f.SHA256 != "" && !f.known(Sum(now)); edited && f.Backup == "" {
		keepForeign(t, "edge-"+filepath.Base(path), now)
	} else if edited {
		t.Note(fmt.Sprintf("%s was changed in the meantime and stays as it is. The previous version is %s", path, f.copy(t)))
		return nil
	}
	file := edge.File{Path: path, Mode: 0o644}
	if strings.HasSuffix(path, ".key") {
		file.Mode = 0o600
	}
	if f.Backup != "" {
		if file.Text, err = instance.ReadOwn(f.copy(t)); err != nil {
			return fmt.Errorf("read the previous %s: %w", path, err)
		}
	}
	return edge.Place(file)
}

// known reports whether a text is the previous version or one that the run wrote.
func (f *SiteFile) known(sum string) bool {
	return sum == f.Former || sum == f.SHA256 || slices.Contains(f.Earlier, sum)
}

// Check refuses files that no HTTPS proxy has.
func (s *ServeSite) Check() error {
	for _, f := range s.Files {
		if err := errors.Join(checkSite(f.Path), run.CheckNames(f.Backup)); err != nil {
			return err
		}
	}
	return nil
}

// TakeSite removes the site of a domain that is no longer served. What goes wrong
// there is told: it concerns a name that nobody uses any more.
type TakeSite struct {
	run.OnlyForward
	Site  instance.Edge `json:"site"`
	Files []run.Path    `json:"files"`
	// Strict says that a failure ends the run: nothing else is removed.
	Strict bool `json:"strict,omitempty"`
}

func (s *TakeSite) String() string { return "stop serving https://" + s.Site.Domain }

// Do removes its files, and has the rest read.
func (s *TakeSite) Do(ctx context.Context, t *run.Tools) error {
	err := s.take(ctx, t)
	if err != nil && s.Strict {
		return run.Final(fmt.Errorf("remove the site of %s: %w", s.Site.Domain, err))
	}
	if err != nil {
		t.Note(fmt.Sprintf("%s may still be served: %v", s.Site.Domain, err))
	}
	return nil
}

func (s *TakeSite) take(ctx context.Context, t *run.Tools) error {
	for _, path := range s.Files {
		if err := edge.Place(edge.File{Path: path.At(t.Dir)}); err != nil {
			return err
		}
	}
	front, err := t.App.Front(ctx, s.Site)
	if err != nil {
		return err
	}
	return front.Apply(ctx)
}

// Check refuses files that no HTTPS proxy has.
func (s *TakeSite) Check() error {
	for _, path := range s.Files {
		if err := checkSite(path); err != nil {
			return err
		}
	}
	return nil
}

// checkSite refuses a file that no HTTPS proxy has: it has a directory of its own,
// or is nginx's.
func checkSite(p run.Path) error {
	path := string(p)
	below := func(dir string) bool { return strings.HasPrefix(path, dir+"/") }
	if below("/etc/nginx") || below("/usr/local/etc/nginx") || below("/usr/local/nginx") {
		return p.Check()
	}
	return p.CheckSystem()
}

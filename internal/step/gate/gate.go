// Package gate has the steps that keep a new site closed to others until its admin
// account exists, and that remove what did so.
package gate

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/edge"
	"github.com/marketcalls/openalgo-install/internal/host"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/readfile"
	"github.com/marketcalls/openalgo-install/internal/run"
)

func init() {
	run.Register[Close]("gate.close")
	run.Register[Open]("gate.open")
}

// Close puts the gate of a site in place; the proxy reads it with the site. Its token
// is drawn here, so that no plan and no journal has it.
type Close struct {
	Site instance.Edge `json:"site"`
	Path run.Path      `json:"path"` // of the gate
	Web  string        `json:"web"`  // host:port of OpenAlgo on this machine
	Made bool          `json:"made,omitempty"`
	// Backup is the copy of the gate that this one replaces; "" where there was none.
	Backup string `json:"backup,omitempty"`
}

func (s *Close) String() string {
	return "close https://" + s.Site.Domain + " to others until the admin account exists"
}

// Do writes the gate, unless it is there as it has to be. An owner may have its link
// already, so that stays.
func (s *Close) Do(_ context.Context, t *run.Tools) error {
	path := s.Path.At(t.Dir)
	before, err := read(path)
	if err != nil {
		return err
	}
	file := edge.Gate{Kind: s.Site.Kind, Domain: s.Site.Domain, Web: s.Web}.Renewed(path, before)
	if before != nil && bytes.Equal(before, file.Text) {
		return nil
	}
	if !s.Made { // the step is not repeated
		if s.Backup, err = keep(t.Dir, path, before); err != nil {
			return err
		}
		s.Made = true
		if err := t.Save(); err != nil {
			return err
		}
	}
	if err := s.write(t, path, file.Text); err != nil {
		return err
	}
	t.Point("gate")
	return nil
}

// read reads a gate. What is no file of ours is replaced as if there were none.
func read(path string) ([]byte, error) {
	text, err := readfile.NoLink(path, readfile.Secret)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, readfile.ErrNotRegular) || errors.Is(err, readfile.ErrTooLarge) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the rules that keep the site closed: %w", err)
	}
	return text, nil
}

// keep copies a gate into the backups, and returns the copy's name; nil is none.
func keep(d instance.Dir, path string, text []byte) (string, error) {
	if text == nil {
		return "", nil
	}
	copied, err := instance.Keep(d, "setup-"+strings.TrimPrefix(filepath.Base(path), "setup-"), text)
	if err != nil {
		return "", fmt.Errorf("keep a copy of the rules that keep the site closed: %w", err)
	}
	return filepath.Base(copied), nil
}

// write puts the gate in place: nginx's is in the work directory.
func (s *Close) write(t *run.Tools, path string, text []byte) error {
	if s.Site.Kind != edge.KindNginx {
		return edge.Place(edge.File{Path: path, Text: text, Mode: 0o600})
	}
	if err := instance.Own(t.Dir).Write(filepath.Base(path), text); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

// Undo removes the gate that the step made, and brings one back that it replaced. The
// proxy must not keep one in force whose link nobody has.
func (s *Close) Undo(ctx context.Context, t *run.Tools) error {
	if !s.Made {
		return nil
	}
	path := s.Path.At(t.Dir)
	if err := s.restore(t, path); err != nil {
		return err
	}
	t.Point("undo-gate")
	front, err := t.App.Front(ctx, s.Site)
	if err == nil {
		err = front.Apply(ctx)
	}
	if err != nil {
		t.Note(fmt.Sprintf("https://%s may be closed to everyone until its HTTPS proxy is restarted: %v", s.Site.Domain, err))
	}
	return nil
}

func (s *Close) restore(t *run.Tools, path string) error {
	if s.Backup == "" {
		if err := host.Remove(path); err != nil {
			return fmt.Errorf("remove %s: %w", path, err)
		}
		return nil
	}
	text, err := instance.ReadOwn(t.Dir.KeptPath(s.Backup))
	if err != nil {
		return fmt.Errorf("read the previous version of %s: %w", path, err)
	}
	return s.write(t, path, text)
}

// Check refuses a file that no proxy has.
func (s *Close) Check() error { return errors.Join(check(s.Path), run.CheckNames(s.Backup)) }

// Open removes the gate of a site whose admin account exists. It is without effect by
// then, so nothing is undone.
type Open struct {
	Site instance.Edge `json:"site"`
	Path run.Path      `json:"path"`
}

func (s *Open) String() string { return "open https://" + s.Site.Domain + " closed" }

// Do removes the file; the proxy reads that with the site.
func (s *Open) Do(_ context.Context, t *run.Tools) error {
	if err := host.Remove(s.Path.At(t.Dir)); err != nil {
		return fmt.Errorf("remove the rules that kept the site closed: %w", err)
	}
	return nil
}

// Undo is nothing.
func (s *Open) Undo(context.Context, *run.Tools) error { return nil }

// Check refuses a file that no proxy has.
func (s *Open) Check() error { return check(s.Path) }

// check refuses a file that is no gate.
func check(p run.Path) error {
	if name := filepath.Ext(string(p)); name != ".caddy" && name != ".conf" {
		return run.Foreign(string(p))
	}
	return p.CheckSystem()
}

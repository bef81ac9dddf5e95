// Package gate has the steps that keep a new site closed to others until its admin
// account exists, and that remove what did so.
package gate

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/marketcalls/openalgo-install/internal/edge"
	"github.com/marketcalls/openalgo-install/internal/host"
	"github.com/marketcalls/openalgo-install/internal/instance"
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
}

func (s *Close) String() string {
	return "close https://" + s.Site.Domain + " to others until there is an admin account"
}

// Do writes the gate, unless there is one.
func (s *Close) Do(_ context.Context, t *run.Tools) error {
	path := s.Path.At(t.Dir)
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return err // an owner may have its link already
	}
	s.Made = true
	if err := t.Save(); err != nil {
		return err
	}
	file := edge.Gate{Kind: s.Site.Kind, Domain: s.Site.Domain, Web: s.Web}.File(path, edge.NewToken())
	if s.Site.Kind == edge.KindNginx {
		if err := instance.Own(t.Dir).Write(filepath.Base(path), file.Text); err != nil {
			return fmt.Errorf("write %s: %w", path, err)
		}
	} else if err := edge.Place(file); err != nil {
		return err
	}
	t.Point("gate")
	return nil
}

// Undo removes the gate that the step made. The proxy must not keep one in force whose
// link nobody has.
func (s *Close) Undo(ctx context.Context, t *run.Tools) error {
	if !s.Made {
		return nil
	}
	path := s.Path.At(t.Dir)
	if err := host.Remove(path); err != nil {
		return fmt.Errorf("remove %s: %w", path, err)
	}
	t.Point("undo-gate")
	front, err := t.App.Front(ctx, s.Site)
	if err == nil {
		err = front.Apply(ctx)
	}
	if err != nil {
		t.Note(fmt.Sprintf("https://%s may be closed to everybody until its HTTPS proxy is restarted: %v", s.Site.Domain, err))
	}
	return nil
}

// Check refuses a file that no proxy has.
func (s *Close) Check() error { return check(s.Path) }

// Open removes the gate of a site whose admin account exists. It is without effect by
// then, so nothing is undone.
type Open struct {
	Site instance.Edge `json:"site"`
	Path run.Path      `json:"path"`
}

func (s *Open) String() string { return "remove what kept https://" + s.Site.Domain + " closed" }

// Do removes the file; the proxy reads that with the site.
func (s *Open) Do(_ context.Context, t *run.Tools) error {
	if err := host.Remove(s.Path.At(t.Dir)); err != nil {
		return fmt.Errorf("remove what kept the site closed: %w", err)
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

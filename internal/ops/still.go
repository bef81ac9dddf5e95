package ops

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/marketcalls/openalgo-install/internal/backup"
	"github.com/marketcalls/openalgo-install/internal/freeze"
	"github.com/marketcalls/openalgo-install/internal/plan"
	"github.com/marketcalls/openalgo-install/internal/run"
	"github.com/marketcalls/openalgo-install/internal/step/still"
	"github.com/marketcalls/openalgo-install/internal/tree/mirror"
)

// stillCopy is a copy of the data at a moment at which OpenAlgo stood still.
type stillCopy struct {
	in      *Session
	trees   []backup.Tree
	dir     string // with all of it; "" is none
	mirrors []*mirror.Mirror
	files   []fileText // of the instance's directory
	frozen  time.Duration
}

type fileText struct {
	name string
	text []byte
}

// make makes the copy. none is why there is none, and a stop has to do.
func (s *stillCopy) make(ctx context.Context, t *turn, p *plan.Plan, step *still.Freeze) (none, failed error) {
	err := carry(ctx, t, p)
	if f := (*run.Failure)(nil); errors.As(err, &f) && f.Undo != nil {
		return nil, errors.Join(f.Cause, f.Undo)
	}
	switch err = errors.Join(causeOf(err), step.Failed); {
	case freeze.IsNone(err) || errors.Is(err, syscall.ENOSPC):
		return err, nil
	case err != nil:
		return nil, err
	}
	s.frozen = step.Frozen
	return nil, nil
}

// Ahead copies what can be copied while OpenAlgo runs.
func (s *stillCopy) Ahead(ctx context.Context) error {
	s.close()
	for _, t := range s.trees {
		m, err := mirror.Open(t.Path, filepath.Join(s.dir, t.Name))
		if err == nil {
			s.mirrors = append(s.mirrors, m)
			err = m.Ahead(ctx)
		}
		if err != nil {
			return fmt.Errorf("copying %s: %w", t.Source, err)
		}
	}
	return nil
}

// Last copies what changed since.
func (s *stillCopy) Last(ctx context.Context) error {
	for i, m := range s.mirrors {
		if err := m.Last(ctx); err != nil {
			return fmt.Errorf("copying %s: %w", s.trees[i].Source, err)
		}
	}
	s.files = nil
	return filesNow(ctx, s.in, func(name string, text []byte) error {
		s.files = append(s.files, fileText{name, text})
		return nil
	})
}

// Guard watches over the freeze.
func (s *stillCopy) Guard() freeze.Guard { return s.in.Guard }

// archive writes the copy into an archive.
func (s *stillCopy) archive(ctx context.Context, w *backup.Writer) error {
	for i, t := range s.trees {
		err := s.mirrors[i].Settle(ctx)
		if err == nil {
			t.Path = filepath.Join(s.dir, t.Name)
			err = w.Tree(ctx, t)
		}
		if err != nil {
			return fmt.Errorf("copying %s: %w", t.Source, err)
		}
	}
	for _, f := range s.files {
		if err := w.File(f.name, f.text); err != nil {
			return fmt.Errorf("copying %s: %w", f.name, err)
		}
	}
	return nil
}

func (s *stillCopy) close() {
	for _, m := range s.mirrors {
		_ = m.Close()
	}
	s.mirrors = nil
}

func (s *stillCopy) remove() {
	s.close()
	if s.dir != "" {
		_ = os.RemoveAll(s.dir)
		s.dir = ""
	}
}

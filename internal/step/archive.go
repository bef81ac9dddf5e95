package step

import (
	"context"

	"github.com/marketcalls/openalgo-install/internal/run"
)

func init() { run.Register[Archive]("backup.archive") }

// Archive copies data while OpenAlgo is stopped. It is started again, also where
// the copy failed.
type Archive struct {
	run.Pathless

	Archiver Archiver `json:"-"`
	Failed   error    `json:"-"` // why there is no copy
}

// Archiver copies data.
type Archiver interface {
	Archive(ctx context.Context) error
}

func (s *Archive) String() string { return "copy the data" }

// Do copies it, in the process that planned that.
func (s *Archive) Do(ctx context.Context, t *run.Tools) error {
	t.Point("backup-stopped")
	s.Failed = s.Archiver.Archive(ctx)
	return nil
}

// Undo is nothing: an unfinished archive is removed as such.
func (s *Archive) Undo(context.Context, *run.Tools) error { return nil }

package step

import (
	"context"

	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/run"
)

func init() {
	run.Register[KeepRecord]("container.keep")
	run.Register[CountSecrets]("secrets.count")
}

// KeepRecord keeps Docker's record of a container that another tool made: how that
// was done is nowhere else.
type KeepRecord struct {
	run.Pathless
	Record []byte `json:"-"`
}

func (s *KeepRecord) String() string { return "save Docker's record of the previous container" }

// Do writes it into the backups.
func (s *KeepRecord) Do(_ context.Context, t *run.Tools) error {
	_, err := instance.Keep(t.Dir, "container.json", s.Record)
	return err
}

// Undo leaves it: it is one of the backups.
func (s *KeepRecord) Undo(context.Context, *run.Tools) error { return nil }

// CountSecrets counts the stored secrets that open before a change of the release,
// to tell those that do not open afterwards from those that never did.
type CountSecrets struct {
	run.Pathless
	ID string `json:"id"` // of the container
}

func (s *CountSecrets) String() string { return "check which stored secrets can be decrypted" }

// Do asks OpenAlgo. Where that fails, Verify does not know it either.
func (s *CountSecrets) Do(ctx context.Context, t *run.Tools) error {
	found, err := t.App.CountSecrets(ctx, s.ID)
	if err != nil {
		found = run.Secrets{Unknown: true}
	}
	run.Find[*Verify](t.Steps()).Secrets = &found
	return t.Save()
}

// Undo is nothing: nothing was changed.
func (s *CountSecrets) Undo(context.Context, *run.Tools) error { return nil }

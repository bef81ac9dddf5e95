// Package swap has the step that makes this machine a swap file.
package swap

import (
	"context"
	"errors"
	"fmt"

	"github.com/marketcalls/openalgo-install/internal/printable"
	"github.com/marketcalls/openalgo-install/internal/run"
)

// Path is where the file is.
const Path = "/swapfile-openalgo"

func init() { run.Register[Make]("swap.make") }

// Make makes a swap file that is in use at once, and after a restart. Its path is
// not in the journal: there is one.
type Make struct {
	run.Pathless
	MiB  int  `json:"mib"`
	Made bool `json:"made,omitempty"` // the file is this run's
}

func (s *Make) String() string {
	return "make a swap file of " + printable.Size(int64(s.MiB)<<20)
}

// Do makes the file, has it used and enters it in fstab.
func (s *Make) Do(ctx context.Context, t *run.Tools) error {
	swap := t.App.Swap()
	if !s.Made {
		there, err := swap.Exists()
		if err != nil {
			return fmt.Errorf("create the swap file: %w", err)
		}
		if there {
			return errors.New("create the swap file: another file has its name")
		}
		s.Made = true
		if err := t.Save(); err != nil {
			return err
		}
	}
	if err := swap.Allocate(ctx, s.MiB); err != nil {
		return err
	}
	t.Point("swap-allocated")
	if err := swap.On(); err != nil {
		return err
	}
	t.Point("swap-on")
	return swap.Enter()
}

// Undo removes it. A file that the memory cannot do without stays: that is told, and
// holds up nothing.
func (s *Make) Undo(_ context.Context, t *run.Tools) error {
	if !s.Made {
		return nil
	}
	swap := t.App.Swap()
	if err := swap.Off(); err != nil {
		t.Note(fmt.Sprintf("the swap file stays in use: %v", err))
		return nil
	}
	t.Point("swap-off")
	return swap.Remove()
}

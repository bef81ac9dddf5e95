package step

import (
	"context"

	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/run"
	"github.com/marketcalls/openalgo-install/internal/step/pair"
)

func init() { run.Register[Verify]("verify") }

// Verify waits until OpenAlgo is ready, with all that it is to serve.
type Verify struct {
	run.Pathless
	// ID is the container that was there; "" is the new one.
	ID        string `json:"id,omitempty"`
	SetupDone bool   `json:"setup_done,omitempty"` // there was an account
	// NeedsSetup is what OpenAlgo said: it waits for its first account.
	NeedsSetup *bool         `json:"needs_setup,omitempty"`
	Site       instance.Edge `json:"site,omitzero"`
	Secrets    *run.Secrets  `json:"secrets,omitempty"`
	Resalts    bool          `json:"resalts,omitempty"`
	MCP        bool          `json:"-"` // the endpoints of remote MCP, too
}

func (s *Verify) String() string { return "wait until OpenAlgo answers" }

// Do waits.
func (s *Verify) Do(ctx context.Context, t *run.Tools) error {
	return s.ask(ctx, t, false)
}

func (s *Verify) ask(ctx context.Context, t *run.Tools, resumed bool) error {
	id := s.ID
	if id == "" {
		id = pair.NewID(t)
	}
	needsSetup, err := t.App.Ready(ctx, id, s.SetupDone, resumed)
	if err != nil {
		return err
	}
	s.NeedsSetup = &needsSetup
	return t.App.Serves(ctx, run.Verification{Container: id, SetupDone: s.SetupDone, Site: s.Site, Secrets: s.Secrets, Resalts: s.Resalts, MCP: s.MCP}, resumed)
}

// NeedsAccount reports whether OpenAlgo waits for its first account, as it said when
// parts were carried out.
func NeedsAccount(parts []run.Part) bool {
	for _, part := range parts {
		if v := run.Find[*Verify](part.Steps); v != nil {
			return v.NeedsSetup != nil && *v.NeedsSetup
		}
	}
	return false
}

// Resume reports whether OpenAlgo of an interrupted run is ready.
func (s *Verify) Resume(ctx context.Context, t *run.Tools) bool {
	return t.AcrossRestart(ctx, func(ctx context.Context) error { return s.ask(ctx, t, true) }) == nil
}

// Undo is nothing: nothing was changed.
func (s *Verify) Undo(context.Context, *run.Tools) error { return nil }

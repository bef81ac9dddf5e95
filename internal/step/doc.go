// Package step holds what a run can do, and how each of it is undone: files,
// .env, volumes, networks, containers, data, the site of a domain.
//
// Some rules hold for all of them. No data is copied over other data. What is in
// use again is neither stopped nor replaced. What somebody else changed since
// stays, or is kept. A first .env stays once data was created for it.
package step

import (
	"context"

	"github.com/marketcalls/openalgo-install/internal/run"
)

// onlyForward is a step of a commit: it is only ever completed.
type onlyForward struct{}

// Undo does nothing.
func (onlyForward) Undo(context.Context, *run.Tools) error { return nil }

// pathless is a step that names no path: what it names is looked up in Docker,
// which has it or has not, or an undo does nothing with it.
type pathless struct{}

// Check accepts any name.
func (pathless) Check(string) error { return nil }

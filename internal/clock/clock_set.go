//go:build failpoint

// Package clock has the time. A program that is built for tests may be given another.
package clock

import (
	"context"
	"os"
	"time"

	"github.com/marketcalls/openalgo-install/internal/wait"
)

// Now is OPENALGO_NOW (RFC 3339) where that is set.
func Now() time.Time {
	if at, ok := set(); ok {
		return at
	}
	return time.Now()
}

// Sleep does not wait where OPENALGO_NOW is set.
func Sleep(ctx context.Context, d time.Duration) error {
	if _, ok := set(); ok {
		return ctx.Err()
	}
	return wait.For(ctx, d)
}

func set() (time.Time, bool) {
	at, err := time.Parse(time.RFC3339, os.Getenv("OPENALGO_NOW"))
	return at, err == nil
}

// Synced is not known where a test has set the time.
func Synced() *bool {
	if _, ok := set(); ok {
		return nil
	}
	return synced()
}

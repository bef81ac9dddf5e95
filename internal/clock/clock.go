//go:build !failpoint

// Package clock has the time. A program that is built for tests may be given another.
package clock

import (
	"context"
	"time"

	"github.com/marketcalls/openalgo-install/internal/wait"
)

// Now is the time; a test may set another one.
func Now() time.Time { return time.Now() }

// Sleep waits; where a test has set the time, it does not.
func Sleep(ctx context.Context, d time.Duration) error { return wait.For(ctx, d) }

// Synced reports whether the clock follows a time server; nil where nobody can tell.
func Synced() *bool { return synced() }

// Package wait polls. Every wait for Docker, for a container or for another
// program goes through here, so that each has an end and Ctrl+C ends it at once.
package wait

import (
	"context"
	"errors"
	"time"
)

// Until calls ask at once and then every so often until it reports true, or
// fails with an error of its own. It returns context.DeadlineExceeded after the
// limit, and ctx's error when ctx ends; the context that ask gets ends then, too.
func Until(ctx context.Context, limit, every time.Duration, ask func(context.Context) (bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for {
		done, err := ask(ctx)
		if done || err != nil {
			return err
		}
		if err := For(ctx, every); err != nil {
			return err
		}
	}
}

// For waits for a time, or returns ctx's error when ctx ends before.
func For(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// IsOver reports whether an error means that the time was over, and not that
// somebody ended the wait.
//
//go:noinline
func IsOver(err error) bool { return errors.Is(err, context.DeadlineExceeded) }

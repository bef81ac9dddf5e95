// Package freeze halts a container for a moment, in which its data stands still and
// its connections stay, and thaws it whatever happens: also where this process dies.
package freeze

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/stacks"
	"github.com/marketcalls/openalgo-install/internal/wait"
)

const (
	// Limit is how long a container may be frozen: clients wait longer than that.
	Limit = 5 * time.Second
	// tries is how often Docker is asked to freeze. Under cgroup v1 it fails at times,
	// and changes nothing then.
	tries    = 5
	tryEvery = 100 * time.Millisecond
	// thawTime is how long a thaw is tried, unless Docker is gone.
	thawTime  = 30 * time.Second
	thawEvery = 100 * time.Millisecond
)

// Reasons why there was no freeze, or none of use. The container runs after each.
var (
	ErrRefused = errors.New("Docker cannot freeze it")
	ErrTooLong = fmt.Errorf("it would have been frozen for more than %s", Limit)
	ErrThawed  = errors.New("another program thawed it meanwhile")
)

// IsNone reports whether an error says that the container could not be frozen for
// long enough: what was to be done has to be done in another way.
func IsNone(err error) bool {
	return errors.Is(err, ErrRefused) || errors.Is(err, ErrTooLong) || errors.Is(err, ErrThawed)
}

// Docker is what a freeze needs of Docker.
type Docker interface {
	Info() engine.Info
	Container(ctx context.Context, nameOrID string) (engine.Container, error)
	Pause(ctx context.Context, id string) error
	Unpause(ctx context.Context, id string) error
}

// Guard begins to watch over a container: it is thawed if this process dies, or
// does not say within GuardTime that it is thawed. Without one nothing is frozen.
type Guard func(ctx context.Context, endpoint, id string) (thawed func(), err error)

// Hold freezes a container while do runs, and returns for how long.
func Hold(ctx context.Context, d Docker, guard Guard, id string, do func(context.Context) error) (frozen time.Duration, err error) {
	if guard == nil {
		return 0, ErrRefused
	}
	release, err := guard(ctx, d.Info().Endpoint, id)
	if err != nil {
		if _, gone := d.Container(ctx, id); errors.Is(gone, engine.ErrUnreachable) {
			return 0, gone // it cannot watch over a Docker that is being restarted
		}
		return 0, fmt.Errorf("%w: nothing would thaw it if openalgo-install were killed: %w", ErrRefused, err)
	}
	defer release()
	began, err := begin(ctx, d, id)
	if err != nil {
		return 0, err
	}
	left, cancel := context.WithDeadlineCause(ctx, began.Add(Limit), ErrTooLong)
	defer cancel()
	err = do(left)
	over := left.Err() != nil && ctx.Err() == nil
	thawed := Thaw(context.WithoutCancel(ctx), d, id)
	frozen = time.Since(began)
	switch {
	case thawed != nil && !errors.Is(thawed, ErrThawed):
		return frozen, thawed
	case over || frozen > Limit:
		return frozen, ErrTooLong
	case err == nil:
		err = thawed
	}
	return frozen, err
}

// begin freezes a container, and returns when that began.
func begin(ctx context.Context, d Docker, id string) (began time.Time, err error) {
	for range tries {
		if err := ctx.Err(); err != nil {
			return began, err
		}
		began = time.Now()
		// Not cancelled in the middle: Docker would go on with it.
		if err = d.Pause(context.WithoutCancel(ctx), id); err == nil {
			return began, nil
		}
		if errors.Is(err, engine.ErrUnreachable) || errors.Is(err, engine.ErrNotFound) {
			return began, err
		}
		if waited := wait.For(ctx, tryEvery); waited != nil {
			return began, waited
		}
	}
	return began, fmt.Errorf("%w: %w", ErrRefused, err)
}

// Thaw thaws a container; ErrThawed when it is not frozen. It goes on trying where
// Docker does not do it at once.
func Thaw(ctx context.Context, d Docker, id string) error {
	var failed error
	err := wait.Until(ctx, thawTime, thawEvery, func(ctx context.Context) (bool, error) {
		failed = d.Unpause(ctx, id)
		switch {
		case errors.Is(failed, engine.ErrNotPaused):
			return true, ErrThawed
		case errors.Is(failed, engine.ErrUnreachable), errors.Is(failed, engine.ErrNotFound):
			return true, failed
		}
		return failed == nil, nil
	})
	if wait.IsOver(err) {
		err = fmt.Errorf("%w. To thaw it: docker unpause %s", failed, id)
	}
	return err
}

// Left thaws a container that a process left frozen which is gone.
func Left(ctx context.Context, d Docker, id string) (was bool, err error) {
	c, err := d.Container(ctx, id)
	if errors.Is(err, engine.ErrNotFound) {
		return false, nil
	}
	if err != nil || !stacks.IsFrozen(c) {
		return false, err
	}
	if err := Thaw(ctx, d, c.ID); err != nil && !errors.Is(err, ErrThawed) {
		return false, err
	}
	return true, nil
}

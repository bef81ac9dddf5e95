package elsewhere

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"
)

// Bounds of a line. They follow from what moves on it, not from how long all of it takes.
var (
	// quiet is how long a store may neither take nor send a byte.
	quiet = 5 * time.Minute
	// patience is how long a line may be broken until the copy is given up.
	patience = 15 * time.Minute
)

// errQuiet says that nothing came any more, and errBroken that the line stayed broken.
var (
	errQuiet  = errors.New("the store was silent for too long")
	errBroken = errors.New("the connection did not come back")
)

// idle ends a context once nothing has moved for a while. nil never does.
type idle struct {
	timer *time.Timer
	limit time.Duration
	end   context.CancelCauseFunc
}

// watched is a context that ends when moved is not called for limit.
func watched(ctx context.Context, limit time.Duration) (context.Context, *idle) {
	ctx, end := context.WithCancelCause(ctx)
	return ctx, &idle{end: end, limit: limit, timer: time.AfterFunc(limit, func() {
		end(fmt.Errorf("%w: nothing moved for %s", errQuiet, limit))
	})}
}

func (i *idle) moved() {
	if i != nil {
		i.timer.Reset(i.limit)
	}
}

// rest says that nothing is waited for until moved is called again.
func (i *idle) rest() {
	if i != nil {
		i.timer.Stop()
	}
}

func (i *idle) close() {
	i.rest()
	i.end(nil)
}

// because is why something failed in a context: that nothing moved, or the error itself.
func because(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); err != nil && errors.Is(cause, errQuiet) {
		return cause
	}
	return err
}

// moving is a reader, and each read moves something.
type moving struct {
	io.Reader
	idle *idle
}

func (m moving) Read(p []byte) (int, error) {
	m.idle.moved()
	return m.Reader.Read(p)
}

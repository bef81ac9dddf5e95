package wait_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/marketcalls/openalgo-install/internal/wait"
)

func TestUntil(t *testing.T) {
	own := errors.New("own")
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for name, c := range map[string]struct {
		ctx   context.Context
		limit time.Duration
		ask   func(context.Context) (bool, error)
		want  error
		calls int // at least
	}{
		"at once":       {t.Context(), time.Hour, func(context.Context) (bool, error) { return true, nil }, nil, 1},
		"its own error": {t.Context(), time.Hour, func(context.Context) (bool, error) { return false, own }, own, 1},
		"never":         {t.Context(), 20 * time.Millisecond, func(context.Context) (bool, error) { return false, nil }, context.DeadlineExceeded, 1},
		"cancelled":     {cancelled, time.Hour, func(context.Context) (bool, error) { return false, nil }, context.Canceled, 1},
		"a question that hangs": {t.Context(), 20 * time.Millisecond, func(ctx context.Context) (bool, error) {
			<-ctx.Done()
			return false, ctx.Err()
		}, context.DeadlineExceeded, 1},
	} {
		calls := 0
		err := wait.Until(c.ctx, c.limit, time.Millisecond, func(ctx context.Context) (bool, error) {
			calls++
			return c.ask(ctx)
		})
		if !errors.Is(err, c.want) || c.want == nil && err != nil {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		if calls < c.calls {
			t.Errorf("%s: asked %d times", name, calls)
		}
		if wait.IsOver(err) != errors.Is(c.want, context.DeadlineExceeded) {
			t.Errorf("%s: IsOver(%v) is %v", name, err, wait.IsOver(err))
		}
	}
}

func TestUntilAsksAgain(t *testing.T) {
	calls := 0
	err := wait.Until(t.Context(), time.Hour, time.Millisecond, func(context.Context) (bool, error) {
		calls++
		return calls == 3, nil
	})
	if err != nil || calls != 3 {
		t.Errorf("%v after %d calls, want 3", err, calls)
	}
}

package cli

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/finding"
)

func TestExitCode(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		err  error
		code int
	}{
		"done":              {nil, 0},
		"plain":             {errors.New("x"), 1},
		"usage":             {usage("x"), 2},
		"not ready":         {fmt.Errorf("more: %w", finding.Named(finding.HostNotReady, "x", "x")), 3},
		"cancelled":         {fmt.Errorf("x: %w", context.Canceled), 130},
		"inside":            {&exitError{7}, 7},
		"broken, cancelled": {finding.Named(finding.Broken, "x", "x: %w", context.Canceled), 5},
		"undone, cancelled": {finding.Named(finding.RolledBack, "x", "x: %w", context.Canceled), 4},
		"not ready in time": {finding.Named(finding.HostNotReady, "x", "x: %w", context.Canceled), 130},
		"of another kind":   {&finding.Error{Kind: -1, Err: errors.New("x")}, 1},
	} {
		if got := exitCode(test.err); got != test.code {
			t.Errorf("%s: %d, want %d", name, got, test.code)
		}
	}
	for kind, code := range exitCodes {
		if got := kindOfExit(code); got != kind {
			t.Errorf("exit %d is %s, want %s", code, got, kind)
		}
	}
}

package engine

import (
	"context"
	"strings"
)

// Pause freezes a container: its processes get no time until Unpause. Its
// connections stay.
func (e freezer) Pause(ctx context.Context, id string) error {
	ctx, cancel := e.answer(ctx)
	defer cancel()
	return e.explain(ctx, "freeze container "+short(id), e.api.ContainerPause(ctx, id))
}

// Unpause thaws a container; ErrNotPaused when it is not frozen.
func (e freezer) Unpause(ctx context.Context, id string) error {
	ctx, cancel := e.answer(ctx)
	defer cancel()
	err := e.api.ContainerUnpause(ctx, id)
	doing := "thaw container " + short(id)
	if err != nil && strings.Contains(err.Error(), "is not paused") {
		return fail([]error{ErrNotPaused, err}, "%s: it is not frozen", doing)
	}
	return e.explain(ctx, doing, err)
}

package engine

import (
	"context"
	"time"

	"github.com/docker/docker/api/types/events"
)

// Event is something that happened in the engine: Type "container", Action
// "die", "health_status: healthy", "exec_start: ...".
type Event struct {
	Type, Action, ID, Name string
	Time                   time.Time
}

// Events reports what happens from now on to things that carry every label.
// Both channels are closed at the end; before that the second one gets the
// reason: ctx's error, or ErrUnreachable when the engine went away.
func (e streams) Events(ctx context.Context, labels ...string) (<-chan Event, <-chan error) {
	out, failed := make(chan Event), make(chan error, 1)
	messages, errs := e.api.Events(ctx, events.ListOptions{Filters: labelFilter(labels)})
	go func() {
		defer close(out)
		defer close(failed)
		for {
			select {
			case m := <-messages:
				select {
				case out <- Event{
					Type: string(m.Type), Action: string(m.Action), ID: m.Actor.ID,
					Name: m.Actor.Attributes["name"], Time: time.Unix(0, m.TimeNano),
				}:
				case <-ctx.Done():
				}
			case err := <-errs:
				failed <- e.explain(ctx, "listen to Docker's events", err)
				return
			}
		}
	}()
	return out, failed
}

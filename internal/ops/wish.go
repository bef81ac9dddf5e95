package ops

import (
	"context"

	"github.com/marketcalls/openalgo-install/internal/consent"
	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/image"
	"github.com/marketcalls/openalgo-install/internal/plan"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// Wish works out what a command wants, from what is there. It is called under
// the lock, and again once the image has come: answers that were read before
// would undo what another run did in between. It does no I/O.
type Wish func(*world.Observation) (plan.Intent, error)

// Command is what Session.Do carries out.
type Command struct {
	Name string // in the log and the journal
	Wish Wish
	// look is the look that the wish needs; nil is that of every command.
	look func(context.Context, *world.Looker) (*world.Observation, error)
	// settle says that what a killed run left is finished or undone before a
	// plan, too: the answers may be half of it.
	settle bool
	// mayBeBroken says that what a killed run left need not answer: this command
	// is what repairs it.
	mayBeBroken bool
	// deletes says that nothing of what a killed run left is finished or undone: all
	// of it is deleted.
	deletes bool
	// Ended is told how the command ended, before anybody else is; nil where nobody
	// needs to know.
	Ended func(*Session, event.Result, error)
	// act carries out a plan that is for the container alone; nil where none is made.
	act action
}

// seen looks as a command needs it.
func (c Command) seen(ctx context.Context, l *world.Looker) (*world.Observation, error) {
	if c.look == nil {
		return l.Look(ctx, false)
	}
	return c.look(ctx, l)
}

// action carries out a plan that is for the container alone, once all it asks is
// answered.
type action func(ctx context.Context, t *turn, p *plan.Plan) (event.Result, error)

// turn is one command from its first look to its last step.
type turn struct {
	*Session
	Command
	source  image.Source
	said    map[string]bool
	pulls   bool   // an image that is to be the newest is pulled
	pulled  string // what was: once is enough, unless another run changed what is wanted
	madeDir bool
	given   consent.Given
	url     string // of what is wanted
}

package install

import (
	"context"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/event"
)

// wish works out the answers that a command needs, from the present state. It is
// called under the lock: answers that were read before it would undo what another
// run did in between. It may be called several times, and sets the rest in the
// Installer's intent.
type wish func(context.Context) (answers.Answers, error)

// intent is what a command needs beside the answers.
type intent struct {
	command string // what the run is called
	keep    *kept  // the image that stays, whatever the answers say of it
	// upgrading says that the command needs the newest image of the reference.
	upgrading bool
	// adopting says that another tool made the stack, and that it becomes managed.
	adopting bool
	// restoring is the backup that is put in the instance's place.
	restoring *restoring
}

const (
	commandBackup   = "backup"
	commandInstall  = "install"
	commandRestart  = "restart"
	commandRestore  = "restore"
	commandRollback = "rollback"
	commandStart    = "start"
	commandUpgrade  = "upgrade"
)

// wanted calls a wish again, without the result of an earlier call.
func (in *Installer) wanted(ctx context.Context, command string, w wish) (answers.Answers, error) {
	in.intent = intent{command: command}
	return w(ctx)
}

// planWish plans what a wish says, as the world is now.
func (in *Installer) planWish(ctx context.Context, command string, w wish) (*Plan, error) {
	a, err := in.wanted(ctx, command, w)
	if err != nil {
		return nil, err
	}
	_, p, err := in.plan(ctx, a)
	return p, err
}

// dryRun is planWish for a person. What a killed run left is finished or undone
// first, since its answers may be half of them.
func (in *Installer) dryRun(ctx context.Context, command string, w wish) (*Plan, error) {
	defer in.closeSource()
	if err := in.settle(ctx, command); err != nil {
		return nil, err
	}
	return in.planWish(ctx, command, w)
}

// settle finishes or undoes what a killed run left.
func (in *Installer) settle(ctx context.Context, command string) error {
	held, err := in.takeOver(ctx)
	if err != nil || held == nil {
		return err
	}
	defer held.release()
	_, err = in.logged("recover", func() (event.Result, error) { return event.Result{}, in.recoverFor(ctx, command) })
	return err
}

// recoverFor is recover on behalf of a command; a restore repairs what need not
// answer before.
func (in *Installer) recoverFor(ctx context.Context, command string) error {
	in.intent = intent{command: command}
	in.evenBroken = command == commandRestore
	defer func() { in.evenBroken = false }()
	return in.recover(ctx)
}

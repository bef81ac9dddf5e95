package cli

import (
	"context"
	"fmt"

	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/notify"
	"github.com/marketcalls/openalgo-install/internal/printable"
)

// pinged tells the dead man's switch of backups how one ended: its service gives the
// alarm when no good one comes. A backup that a person called off, or asked for in a way
// that cannot be, counts as none.
func (c *backupCommand) pinged(ctx context.Context, ended error) error {
	kind := finding.KindOf(ended)
	if c.schedule != "" || c.dryRun || ctx.Err() != nil || ended != nil && (kind == finding.Cancelled || kind == finding.Usage) {
		return ended
	}
	if err := notify.PingBackup(ctx, notify.New(currentVersion()), ended != nil); err != nil {
		fmt.Fprintln(c.stderr, "The ping address for backups could not be called: "+printable.Line(err.Error()))
	}
	return ended
}

package ops

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/marketcalls/openalgo-install/internal/backup"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/stacks"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// recordBackup keeps how a backup ended, one that was refused included: nobody
// watches the one of the night. One that a person called off counts as none.
func recordBackup(in *Session, b *backing, result event.Result, err error) {
	if e := (*finding.Error)(nil); errors.As(err, &e) && (e.Kind == finding.Cancelled || e.Kind == finding.Usage) {
		return
	}
	if _, gone := os.Stat(in.dir.Work("")); gone != nil {
		return // there is no instance
	}
	last := backup.Last{At: time.Now().UTC(), OK: err == nil, File: b.target.Name, Bytes: b.target.Bytes,
		Unchecked: b.unchecked, DownSeconds: b.down.Seconds(), Message: result.Message}
	if err != nil {
		last.Message = in.redact.Redact(err.Error())
	}
	if err := last.Save(in.dir); err != nil {
		in.note(fmt.Sprintf("the result of the backup could not be kept for `status`: %v", err))
	}
}

// finish proves the archive by reading it back, and gives it its name.
func (b *backing) finish(ctx context.Context, c engine.Container) (event.Result, error) {
	in := b.in
	r := event.Result{Changed: true, URL: world.URLOf(world.EnvOf(string(in.dir)), c)}
	down := ""
	if stacks.IsUp(c) {
		down = fmt.Sprintf(" OpenAlgo was down for %.1f s", b.down.Seconds())
	}
	if b.target.IsStream() {
		r.Message = fmt.Sprintf("the backup is written (%s).%s", backup.SizeText(b.target.Bytes), down)
		return r, nil
	}
	if err := b.target.Sync(); err != nil {
		return event.Result{}, finding.Named(finding.Failed, "backup-unwritable", "writing %s: %w", b.target.Name, err)
	}
	end := event.Begin(in.Report, "read-back", "read the backup again and check it")
	a, err := b.target.Open(ctx, b.key)
	if err != nil {
		end(err)
		return event.Result{}, finding.Named(finding.Failed, "backup-unreadable", "the backup can't be read back: %w. It is removed; OpenAlgo runs", err)
	}
	var damaged []string
	err = in.acrossRestart(ctx, func(ctx context.Context) (err error) {
		damaged, err = b.target.CheckSQLite(ctx, in.Engine, c.ImageID, a)
		return err
	})
	if ctx.Err() != nil {
		return event.Result{}, finding.Named(finding.Cancelled, "cancelled", "cancelled: there is no backup, and OpenAlgo is as it was before")
	}
	if err != nil {
		b.unchecked = err.Error()
		in.warn(fmt.Sprintf("SQLite could not check the databases in the backup, so no older backup is removed: %v", err))
	}
	end(nil)
	if err := b.target.Finish(); err != nil {
		return event.Result{}, finding.Named(finding.Failed, "backup-unwritable", "%w", err)
	}
	if len(damaged) > 0 {
		return event.Result{}, finding.Named(finding.Failed, "data-damaged", "%s is written and is what OpenAlgo has, but OpenAlgo's data is damaged:\n  - %s\n"+
			"Keep your older backups: none of them was removed", b.target.Name, strings.Join(damaged, "\n  - "))
	}
	if b.unchecked != "" {
		r.Message = fmt.Sprintf("%s is written and read back (%s), its databases are not checked.%s", b.target.Name, backup.SizeText(b.target.Bytes), down)
		return r, nil
	}
	if err := b.target.Prune(); err != nil {
		return event.Result{}, finding.Named(finding.Failed, "backup-not-tidied", "%s is written and checked, but %w", b.target.Name, err)
	}
	r.Message = fmt.Sprintf("%s is written and checked (%s).%s", b.target.Name, backup.SizeText(b.target.Bytes), down)
	return r, nil
}

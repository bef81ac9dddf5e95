package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/elsewhere"
	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/host"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/later"
	"github.com/marketcalls/openalgo-install/internal/ops"
	"github.com/marketcalls/openalgo-install/internal/readfile"
)

// checkStores refuses an address that no store can have, before anything is installed.
func checkStores(all []answers.Named) error {
	for _, one := range all {
		if to := one.Answers.Backup.To; elsewhere.Is(to) {
			if _, err := elsewhere.Parse(to); err != nil {
				return fmt.Errorf("backup.to: %w", err)
			}
		}
	}
	return nil
}

// keepBackups sets up the daily backups that the answers ask for, after an install that
// succeeded. They are schedules of this machine, and so no part of an instance's plan:
// that one cannot be set up is a warning.
func keepBackups(ctx context.Context, a *app, all []answers.Named) {
	for _, one := range all {
		if one.Answers.Backup.At == "" {
			continue
		}
		mine := *a
		if one.Name != "" {
			mine.dir = instanceDir(a.dir, one.Name)
		}
		if a.json { // its document has ended
			mine.json, mine.stdout = false, a.stderr
		}
		result, err := dailyBackup(ctx, &mine, one.Answers.Backup)
		switch {
		case err != nil:
			warn(a.stderr, mine.prompt(), finding.Warn("backup-not-scheduled", "the daily backup could not be set up: %w", err).With(finding.HintsOf(err)...))
		case result.Changed:
			fmt.Fprintln(mine.stdout, result.Message)
		}
	}
}

// dailyBackup does what backup --schedule does with the flags that stand for an answer.
func dailyBackup(ctx context.Context, a *app, b answers.Backup) (event.Result, error) {
	c := &backupCommand{app: a, to: b.To, keep: b.Keep, schedule: b.At}
	if err := c.place(); err != nil {
		return event.Result{}, err
	}
	d, err := instance.Open(a.dir)
	if err != nil {
		return event.Result{}, err
	}
	switch {
	case c.away != nil:
		if err := c.keepStore(ctx, d, b); err != nil {
			return event.Result{}, err
		}
	case b.Recipient != "":
		c.recipients = []string{b.Recipient}
	}
	daily := ops.DailyOptions{Clock: b.At, To: c.to, UserTimers: later.UserTimers()}
	if daily.Backup, daily.Recover, err = c.scheduled(); err == nil {
		err = c.mayRepeat(ctx)
	}
	if err != nil {
		return event.Result{}, err
	}
	s, done, err := a.session(ctx, a.presenter())
	if err != nil {
		return event.Result{}, err
	}
	defer done()
	return s.Do(ctx, ops.DailyBackup(daily))
}

// keepStore keeps what a schedule needs for a store, readable by its owner alone: the
// keys, and for whom a backup is encrypted. Keys that were kept before stay.
func (c *backupCommand) keepStore(ctx context.Context, d instance.Dir, b answers.Backup) error {
	if b.Recipient != "" && b.Recipient != elsewhere.LoadRecipient(d) {
		if err := elsewhere.KeepRecipient(d, b.Recipient); err != nil {
			return err
		}
	}
	if c.away.Scheme != "s3" {
		return nil
	}
	file := d.Work("backup-store.env")
	text, err := readfile.Input(ctx, file, readfile.Secret)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	keys := elsewhere.FromFile(text)
	if !b.AccessKey.Empty() {
		keys.ID, keys.Secret = b.AccessKey.Reveal(), b.SecretKey
	}
	if keys.ID == "" {
		return finding.Named(finding.Usage, "store-keys-missing", "the keys of the S3 store are missing").
			With(finding.Hint{Do: "Add backup.access_key and backup.secret_key to your answers file"})
	}
	keys.Endpoint, keys.Region = cmp.Or(c.away.Endpoint, keys.Endpoint), cmp.Or(c.away.Region, keys.Region)
	c.away.Endpoint, c.away.Region = "", "" // a schedule reads them from the file
	c.store.credentials = file
	return host.WriteFile(file, keys.Text(), 0o600, "")
}

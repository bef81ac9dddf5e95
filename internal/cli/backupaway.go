package cli

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/marketcalls/openalgo-install/internal/backup"
	"github.com/marketcalls/openalgo-install/internal/elsewhere"
	"github.com/marketcalls/openalgo-install/internal/elsewhere/known"
	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/later"
	"github.com/marketcalls/openalgo-install/internal/ops"
	"github.com/marketcalls/openalgo-install/internal/present"
	"github.com/marketcalls/openalgo-install/internal/readfile"
)

// storeFlags are those of commands that use a store on another machine.
type storeFlags struct{ credentials string }

func (f *storeFlags) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.credentials, "credentials", "", "file with the keys of the S3 store, as AWS_ACCESS_KEY_ID=... (default: the environment)")
}

// keys are those of the store.
func (f *storeFlags) keys(ctx context.Context) (elsewhere.Keys, error) {
	if f.credentials == "" {
		return elsewhere.FromEnvironment(os.Getenv), nil
	}
	text, err := readfile.Input(ctx, f.credentials, readfile.Secret)
	if err != nil {
		return elsewhere.Keys{}, usage("--credentials: %v", err)
	}
	if info, err := os.Stat(f.credentials); err == nil && info.Mode().IsRegular() && info.Mode()&0o077 != 0 {
		return elsewhere.Keys{}, usage("--credentials: other users can read %s", f.credentials).
			With(finding.Shell("Let only its owner read it", "sudo chmod 600 "+finding.Quoted(f.credentials)))
	}
	return elsewhere.FromFile(text), nil
}

// place reads --to: it is of this machine, or the address of a store.
func (c *backupCommand) place() error {
	if !elsewhere.Is(c.to) {
		return isHere("--to", c.to, sent(c.to)...)
	}
	a, err := elsewhere.Parse(c.to)
	if err != nil {
		return err
	}
	if _, name := a.File(); name != "" {
		return usage("--to names a directory in a store. openalgo-install chooses the name of the backup")
	}
	c.away, c.to = &a, ""
	return nil
}

// copied makes a backup here and copies it to the store.
func (c *backupCommand) copied(ctx context.Context, o ops.BackupOptions) error {
	keys, err := c.store.keys(ctx)
	if err != nil {
		return c.refuse(err)
	}
	return c.with(ctx, c.changeOptions, func(s *ops.Session, out *presenter) error {
		recipient, err := c.recipient(s.Dir(), o.Seal)
		if err != nil {
			return out.end(event.Result{}, err)
		}
		s.Report = later.Extending(s.Report, os.Getenv("NOTIFY_SOCKET"))
		result, err := s.Do(ctx, ops.Backup(o))
		if err != nil {
			return out.end(result, err)
		}
		sender := elsewhere.Sender{Dir: s.Dir(), To: *c.away, Keys: keys, Keep: keptThere(c.keep, result), Recipient: recipient, Report: s.Report, Note: s.Note}
		sent, err := sender.Send(ctx, result.Backup)
		if err == nil && !isTerminal(c.stderr) { // nobody waits for a run of the schedule
			readBack(ctx, sender)
		}
		switch {
		case ctx.Err() != nil:
			err = finding.Named(finding.Cancelled, "cancelled", "cancelled: %s, and it is not in %s", result.Message, c.away)
		case err != nil:
			err = finding.Named(finding.Failed, "backup-not-copied", "%s, but it is not in %s: %w", result.Message, c.away, err)
		default:
			result.Message += fmt.Sprintf(". %s in %s is the same, encrypted, and compared (%s)", sent.Name, c.away, backup.SizeText(sent.Bytes))
		}
		return out.end(result, err)
	})
}

// keptThere is how many backups stay in the store: all, where the one that was made may be
// damaged.
func keptThere(keep int, made event.Result) int {
	if made.Unchecked != "" {
		return 0
	}
	return keep
}

// readBack reads one of the copies back, where that is due. How it ended is kept for
// status and the watch; the copy of now is good.
func readBack(ctx context.Context, s elsewhere.Sender) {
	switch r, err := s.ReadBack(ctx, time.Now().UTC()); {
	case ctx.Err() != nil:
	case err != nil:
		s.Note(fmt.Sprintf("the weekly check of the copies in %s failed: %v", s.To, err))
	case r != nil:
		s.Note(fmt.Sprintf("%s in %s was read back: each byte is as it was sent", r.Name, s.To))
	}
}

// mayRepeat refuses a schedule for a store whose keys nobody is there to give.
func (c *backupCommand) mayRepeat(ctx context.Context) error {
	if c.away == nil {
		return nil
	}
	if c.away.Scheme == "s3" && (c.store.credentials == "" || c.away.Endpoint+c.away.Region != "") {
		return usage("a schedule reads the keys of the store from a file. Name it with --credentials. Endpoint and region belong in the file, not in the address: AWS_ENDPOINT_URL=... and AWS_REGION=...")
	}
	if _, err := c.store.keys(ctx); err != nil || c.dryRun {
		return err // a dry run makes no key
	}
	dir, err := instance.Open(c.dir)
	if err != nil {
		return err
	}
	_, err = c.recipient(dir, backup.Seal{Recipients: c.recipients})
	return err
}

// recipient is for whom a copy in a store is encrypted. At the first time it makes the
// key and shows it, once.
func (c *backupCommand) recipient(d instance.Dir, seal backup.Seal) (string, error) {
	if !seal.None() || c.passphrase != "" {
		return "", nil // the backup is encrypted here
	}
	if known := elsewhere.LoadRecipient(d); known != "" {
		return known, nil
	}
	if !isTerminal(c.stderr) || !isTerminal(c.stdin) {
		return "", finding.Named(finding.Usage, "recipient-missing", "backups in a store need a key, which is shown once on a terminal, and there is no terminal").
			With(finding.Hint{Do: "Run the same command once on a terminal, or name your own age recipient with --recipient age1..."}).Ending(finding.Unchanged)
	}
	identity, recipient, err := elsewhere.NewIdentity()
	if err != nil {
		return "", err
	}
	fmt.Fprintf(present.Folded(c.stderr), `
Backups in %s are encrypted. This key opens them:

    %s

Keep it in your password manager or on paper, and not only on this machine. It is shown only now, and it is stored nowhere. Without it nobody can read these backups.

`, c.away, identity.Reveal())
	if err := c.agree("Did you keep the key?"); err != nil {
		return "", err
	}
	if err := showsKey(c.app, identity); err != nil {
		return "", err
	}
	return recipient, known.KeepMade(d, recipient, time.Now().UTC())
}

package cli

import (
	"bytes"
	"context"

	"github.com/spf13/cobra"

	"github.com/marketcalls/openalgo-install/internal/backup"
	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/ops"
	"github.com/marketcalls/openalgo-install/internal/readfile"
)

type restoreOptions struct {
	file       string
	image      string
	identity   string // the file that the age identity is in
	passphrase string // the file that it is in
	change     changeOptions
}

func (a *app) restoreCommand() *cobra.Command {
	var o restoreOptions
	cmd := &cobra.Command{
		Use:   "restore FILE",
		Short: "Put a backup in the instance's place, and what was there back if that fails",
		Long: `Put what a backup holds in the place of the instance in --dir: .env with its
keys, docker-compose.yaml, the answers, databases, strategies and keys, all of
one moment. The instance may be the same one, another one, or not there yet, on
a fresh host too; its ports and its domain stay its own.

The file is read to its end and every checksum compared before anything is
touched. The data that is replaced is kept in .openalgo-install/replaced until
the next restore, the files in .openalgo-install/backups. When OpenAlgo does not
get ready with the restored data, everything is as it was before.

Whoever can change a backup decides what runs here. The plan shows how the
Compose files change. They may ask for rights that OpenAlgo does not need:
privileged, paths and devices of this machine, its Docker socket. Restore asks
you for each such right. --allow-rights answers in advance; --yes does not.

An image that is older than the data is refused: name a newer one with --image.`,
		Example: `  openalgo-install restore /opt/openalgo-backups/openalgo-20261124-023000.tar.zst --dry-run
  openalgo-install restore openalgo.tar.zst.age --identity key.txt --dir /opt/openalgo-test`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usage("restore takes the file of one backup, e.g. openalgo-install restore /opt/openalgo-backups/FILE")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			o.file = args[0]
			return a.restore(cmd.Context(), o)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.image, "image", "", "go on with this image instead of the one in the backup")
	f.StringVar(&o.identity, "identity", "", "file with the age identity that opens the backup")
	f.StringVar(&o.passphrase, "passphrase-file", "", "file with the passphrase that opens the backup; - asks on the terminal")
	f.BoolVar(&a.allowRights, "allow-rights", false, "accept the rights on this machine that the backup's Compose files ask for")
	o.change.flags(cmd)
	return cmd
}

func (a *app) restore(ctx context.Context, o restoreOptions) error {
	out := a.presenter()
	key, err := a.backupKey(ctx, o)
	if err != nil {
		return out.end(event.Result{}, err)
	}
	in, done, err := a.session(ctx, out)
	if err != nil {
		return out.end(event.Result{}, hintDocker(err))
	}
	defer done()
	a.follow(in, o.change)
	what := ops.RestoreOptions{File: o.file, Key: key, Image: o.image}
	if o.change.dryRun {
		plan, err := in.PlanRestore(ctx, what)
		if err != nil {
			return out.end(event.Result{}, err)
		}
		return a.showPlan(plan)
	}
	result, err := in.Restore(ctx, what)
	return out.end(result, err)
}

func (a *app) backupKey(ctx context.Context, o restoreOptions) (backup.Key, error) {
	switch {
	case o.identity != "" && o.passphrase != "":
		return backup.Key{}, usage("--identity or --passphrase-file, not both")
	case o.identity != "":
		text, err := readfile.Input(ctx, o.identity, readfile.Secret)
		if ctx.Err() != nil {
			return backup.Key{}, errCancelled
		}
		if err != nil {
			return backup.Key{}, usage("--identity: %v", err)
		}
		key, err := backup.IdentityKey(bytes.NewReader(text))
		if err != nil {
			return backup.Key{}, usage("--identity: %s: %v", o.identity, err)
		}
		return key, nil
	case o.passphrase != "":
		text, err := a.passphrase(ctx, o.passphrase, false)
		if err != nil {
			return backup.Key{}, err
		}
		return backup.PassphraseKey(text)
	}
	return backup.Key{}, nil
}

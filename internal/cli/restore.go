package cli

import (
	"bytes"
	"context"

	"github.com/spf13/cobra"

	"github.com/marketcalls/openalgo-install/internal/backup"
	"github.com/marketcalls/openalgo-install/internal/elsewhere"
	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/ops"
	"github.com/marketcalls/openalgo-install/internal/readfile"
)

func init() { register(newRestore) }

type restoreCommand struct {
	*app
	changeOptions
	file       string
	image      string
	identity   string // the file that the age identity is in
	passphrase string // the file that it is in
	store      storeFlags
}

func newRestore(a *app) *cobra.Command {
	c := &restoreCommand{app: a}
	cmd := &cobra.Command{
		Use:   "restore FILE | ADDRESS",
		Short: "Restore a backup; if that fails, restore the current data",
		Long: `Put what a backup holds in the place of the instance in --dir: .env with its
keys, docker-compose.yaml, the answers, databases, strategies and keys, all of
one moment. The instance may be the same one, another one, or not there yet, on
a new machine too; its ports and its domain stay its own.

The file is read to its end and every checksum compared before anything is
touched. The data that is replaced is kept in .openalgo-install/replaced until
the next restore, the files in .openalgo-install/backups. When OpenAlgo does not
get ready with the restored data, everything is as it was before.

Whoever can change a backup decides what runs here. The plan shows how the
Compose files change. They may ask for rights that OpenAlgo does not need:
privileged, paths and devices of this machine, its Docker socket. Restore asks
you for each such right. --allow-rights answers in advance; --yes does not.

An image that is older than the data is refused: name a newer one with --image.

A backup in a store (s3://, sftp://, rclone:) is copied to DIR-backups first: the one
that the address names, or the newest one there.`,
		Example: `  openalgo-install restore /opt/openalgo-backups/openalgo-20261124-023000.tar.zst --dry-run
  openalgo-install restore /opt/openalgo-backups/openalgo-20261124-023000.tar.zst.age --identity key.txt --dir /opt/openalgo-test
  openalgo-install restore s3://my-bucket/openalgo --credentials /root/s3.env --identity key.txt`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usage("restore takes the file of one backup").With(finding.Run("For example", "restore", "/opt/openalgo-backups/FILE"))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			c.file = args[0]
			return c.run(cmd.Context())
		},
	}
	f := cmd.Flags()
	f.StringVar(&c.image, "image", "", "go on with this image instead of the one in the backup")
	f.StringVar(&c.identity, "identity", "", "file with the age identity that opens the backup")
	f.StringVar(&c.passphrase, "passphrase-file", "", "file with the passphrase that opens the backup; - asks on the terminal")
	c.store.flags(cmd)
	f.BoolVar(&c.rights, "allow-rights", false, "accept the rights on this machine that the backup's Compose files ask for")
	c.flags(cmd)
	return cmd
}

func (c *restoreCommand) run(ctx context.Context) error {
	away := elsewhere.Is(c.file)
	if !away {
		if err := isHere("the backup", c.file, fetched(c.file)); err != nil {
			return c.refuse(err)
		}
	}
	key, err := c.key(ctx)
	if err != nil {
		return c.refuse(err)
	}
	return c.with(ctx, c.changeOptions, func(s *ops.Session, out *presenter) error {
		file, err := c.file, error(nil)
		if away {
			file, err = c.fetch(ctx, backup.Archives(s.Dir()), s.Report)
		}
		if err != nil {
			return out.end(event.Result{}, err)
		}
		archive, err := s.OpenBackup(ctx, file, key)
		if err != nil {
			return out.end(event.Result{}, err)
		}
		return c.carry(ctx, s, out, c.changeOptions, ops.Restore(archive, c.image))
	})
}

// key opens the backup.
func (c *restoreCommand) key(ctx context.Context) (backup.Key, error) {
	switch {
	case c.identity != "" && c.passphrase != "":
		return backup.Key{}, usage("--identity or --passphrase-file, not both")
	case c.identity != "":
		text, err := readfile.Input(ctx, c.identity, readfile.Secret)
		if ctx.Err() != nil {
			return backup.Key{}, errCancelled
		}
		if err != nil {
			return backup.Key{}, usage("--identity: %v", err)
		}
		key, err := backup.IdentityKey(bytes.NewReader(text))
		if err != nil {
			return backup.Key{}, usage("--identity: %s: %v", c.identity, err)
		}
		return key, nil
	case c.passphrase != "":
		text, err := readPassphrase(ctx, c.app, c.passphrase, false)
		if err != nil {
			return backup.Key{}, err
		}
		return backup.PassphraseKey(text)
	}
	return backup.Key{}, nil
}

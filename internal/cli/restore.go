package cli

import (
	"bytes"
	"context"
	"runtime/debug"

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
		Long: `Replace the instance in --dir with a backup: .env with its encryption keys,
docker-compose.yaml, your answers, databases, strategies and private keys. You
can restore into the same instance, into another one or into a new one, also on
another machine. An existing instance keeps its own ports and domain.

openalgo-install reads the whole file and compares every checksum before it
changes anything. The replaced data stays in .openalgo-install/replaced until
the next restore, and the replaced files in .openalgo-install/backups. If
OpenAlgo does not start with the restored data, the restore is rolled back.

Whoever can change a backup decides what runs on this machine. The plan shows
how the Compose files change. They may ask for rights that OpenAlgo does not
need: privileged mode, paths and devices of this machine, its Docker socket.
Restore asks you about each such right. --allow-rights answers in advance; --yes
does not.

An image that is older than the data is refused. Choose a newer one with
--image.

A backup in a store (s3://, sftp://, rclone:) is copied to DIR-backups first:
the backup that the address names, or the newest one in the store.`,
		Example: `  openalgo-install restore /opt/openalgo-backups/openalgo-20261124-023000.tar.zst --dry-run
  openalgo-install restore /opt/openalgo-backups/openalgo-20261124-023000.tar.zst.age --identity key.txt --dir /opt/openalgo-test
  openalgo-install restore s3://my-bucket/openalgo --credentials /root/s3.env --identity key.txt`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usage("restore needs one backup file").With(finding.Run("For example", "restore", "/opt/openalgo-backups/FILE"))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			c.file = args[0]
			// The machine may be small, and what a restore holds is little: what comes and
			// goes is collected early.
			debug.SetGCPercent(25)
			return c.run(cmd.Context())
		},
	}
	clusterFlags(cmd, a)
	f := cmd.Flags()
	f.StringVar(&c.image, "image", "", "use this image instead of the one in the backup")
	f.StringVar(&c.identity, "identity", "", "file with the age identity that decrypts the backup")
	f.StringVar(&c.passphrase, "passphrase-file", "", "file with the passphrase that decrypts the backup; - asks on the terminal")
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
	if c.target != "" {
		return c.ofCluster(ctx, key)
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
		return backup.Key{}, usage("use --identity or --passphrase-file, not both")
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

package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/marketcalls/openalgo-install/internal/backup"
	"github.com/marketcalls/openalgo-install/internal/elsewhere"
	"github.com/marketcalls/openalgo-install/internal/elsewhere/known"
	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/market"
	"github.com/marketcalls/openalgo-install/internal/order"
	"github.com/marketcalls/openalgo-install/internal/printable"
)

func newBackupList(a *app) *cobra.Command {
	var store storeFlags
	cmd := &cobra.Command{
		Use:   "list [DIRECTORY | ADDRESS]",
		Short: "List the backups here or in a store",
		Long: `List backups by their time: those of DIR-backups, of another directory, or of a
store on another machine. Only names, times and sizes are read. To test whether a
backup can be read, use backup verify.`,
		Example: `  openalgo-install backup list
  openalgo-install backup list s3://my-bucket/openalgo --credentials /root/s3.env --json`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usage("backup list needs one directory or address at most")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			list, err := backups(cmd.Context(), a.dir, store, cmp.Or(append(args, "")...))
			if err != nil {
				return a.refuse(err)
			}
			if a.json {
				return a.writeJSON(map[string]any{"backups": list})
			}
			if len(list) == 0 {
				fmt.Fprintf(a.stdout, "There are no backups in %s.\n", printable.Line(cmp.Or(append(args, backup.Archives(instance.Dir(a.dir)))...)))
				return nil
			}
			out := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
			for _, e := range list {
				fmt.Fprintf(out, "%s\t%s\t%s\n", printable.Line(e.Name), backup.SizeText(e.Bytes), market.Text(e.At))
			}
			return out.Flush()
		},
	}
	store.flags(cmd)
	return cmd
}

// backups lists those in a directory, or in a store.
func backups(ctx context.Context, d string, store storeFlags, at string) ([]elsewhere.Entry, error) {
	if elsewhere.Is(at) {
		address, err := elsewhere.Parse(at)
		if err != nil {
			return nil, err
		}
		keys, err := store.keys(ctx)
		if err != nil {
			return nil, err
		}
		return elsewhere.List(ctx, address, keys)
	}
	if at == "" {
		dir, err := instance.Open(d)
		if err != nil {
			return nil, err
		}
		at = backup.Archives(dir)
	}
	entries, err := os.ReadDir(at)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, finding.Named(finding.Usage, "backup-unreadable", "%w", err)
	}
	list := []elsewhere.Entry{}
	for _, e := range entries {
		if info, err := e.Info(); err == nil && info.Mode().IsRegular() && backup.Whose(e.Name()) != "" {
			list = append(list, elsewhere.Entry{Name: e.Name(), Bytes: info.Size(), At: info.ModTime()})
		}
	}
	order.By(list, func(x, y elsewhere.Entry) int { return cmp.Compare(x.Name, y.Name) })
	return list, nil
}

func newBackupVerify(a *app) *cobra.Command {
	c := &restoreCommand{app: a}
	cmd := &cobra.Command{
		Use:   "verify FILE | ADDRESS",
		Short: "Read a backup to its end and compare its checksums",
		Long: `Read a backup to its end, decrypt it, and compare every checksum. An address of a
store names one backup there, or the newest. With --identity you show that you
kept the key, and status no longer warns. A backup in a store is copied to this
machine meanwhile. Nothing else is changed.`,
		Example: `  openalgo-install backup verify s3://my-bucket/openalgo --credentials /root/s3.env --identity key.txt`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usage("backup verify needs one backup: a file, or an address")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			c.file = args[0]
			return c.verify(cmd.Context())
		},
	}
	f := cmd.Flags()
	f.StringVar(&c.identity, "identity", "", "file with the age identity that opens the backup; - reads it from stdin")
	f.StringVar(&c.passphrase, "passphrase-file", "", "file with the passphrase that opens the backup; - asks on the terminal")
	c.store.flags(cmd)
	return cmd
}

func (c *restoreCommand) verify(ctx context.Context) error {
	out := c.presenter()
	key, err := c.key(ctx)
	if err != nil {
		return out.end(event.Result{}, err)
	}
	file, name := c.file, c.file
	if elsewhere.Is(c.file) {
		dir, err := os.MkdirTemp("", "openalgo-verify-")
		if err != nil {
			return out.end(event.Result{}, err)
		}
		defer os.RemoveAll(dir)
		if file, err = c.fetch(ctx, dir, out); err != nil {
			return out.end(event.Result{}, err)
		}
		name = filepath.Base(file)
	} else if err := isHere("the backup", c.file, fetched(c.file)); err != nil {
		return out.end(event.Result{}, err)
	}
	archive, err := backup.Open(ctx, file, key)
	if err == nil {
		err = archive.Check()
	}
	if err != nil {
		dir, _ := instance.Open(c.dir)
		return out.end(event.Result{}, backup.OpenError(ctx, dir, err))
	}
	result := event.Result{Message: fmt.Sprintf("%s is whole: made %s, %s of data, every checksum is right", name,
		market.Text(archive.Manifest.Created), backup.SizeText(archive.Bytes))}
	if dir, err := instance.Open(c.dir); err == nil {
		if err := known.Prove(dir, key.Recipients(), time.Now().UTC()); err != nil {
			return out.end(result, err)
		}
	}
	return out.end(result, nil)
}

// fetch copies the backup that an address names into a directory here.
func (c *restoreCommand) fetch(ctx context.Context, dir string, report event.Reporter) (string, error) {
	a, err := elsewhere.Parse(c.file)
	if err != nil {
		return "", err
	}
	keys, err := c.store.keys(ctx)
	if err != nil {
		return "", err
	}
	path, err := elsewhere.Fetch(ctx, a, keys, dir, report)
	if ctx.Err() != nil {
		return "", finding.Cancel()
	}
	if err != nil && finding.KindOf(err) == finding.Failed {
		err = finding.Named(finding.HostNotReady, "store-unreadable", "%w", err).Ending(finding.Unchanged)
	}
	return path, err
}

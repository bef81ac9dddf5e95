package cli

import (
	"context"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/backup"
	"github.com/marketcalls/openalgo-install/internal/broker"
	"github.com/marketcalls/openalgo-install/internal/calendar/kept"
	"github.com/marketcalls/openalgo-install/internal/clock"
	"github.com/marketcalls/openalgo-install/internal/drill"
	"github.com/marketcalls/openalgo-install/internal/elsewhere"
	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/guard"
	"github.com/marketcalls/openalgo-install/internal/host"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/market"
	"github.com/marketcalls/openalgo-install/internal/ops"
	"github.com/marketcalls/openalgo-install/internal/plan"
	"github.com/marketcalls/openalgo-install/internal/settings"
)

func newBackupDrill(a *app) *cobra.Command {
	c := &restoreCommand{app: a}
	cmd := &cobra.Command{
		Use:   "drill [FILE | ADDRESS]",
		Short: "Test that a backup can be restored, beside the instance",
		Long: `Restore a backup beside the instance, start OpenAlgo on the copy, and remove the
copy again. The default is the newest backup of this instance. You can name
another file, or a store (s3://, sftp://, rclone:), whose newest backup is tested.

openalgo-install compares every checksum, lets SQLite check every database, waits
until OpenAlgo is ready, and looks for its admin account. The result says how old
the backup is, and how long a restore takes.

The instance keeps running. The copy cannot trade: its container has no network,
so it reaches no broker, no Telegram or WhatsApp, and not the instance. The
container does not get the strategies. The drill needs 700 MiB of available memory
and disk space for the data beside DIR. While a market is open, openalgo-install
asks first. If the drill is interrupted, the next command that changes something
removes the copy.`,
		Example: `  openalgo-install backup drill
  openalgo-install backup drill /mnt/backup/openalgo-20261124-023000.tar.zst
  openalgo-install backup drill s3://my-bucket/openalgo --credentials /root/s3.env --identity key.txt --json`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usage("backup drill needs one backup at most: a file, or an address")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				c.file = args[0]
			}
			return c.drill(cmd.Context())
		},
	}
	f := cmd.Flags()
	f.StringVar(&c.identity, "identity", "", "file with the age identity that decrypts the backup")
	f.StringVar(&c.passphrase, "passphrase-file", "", "file with the passphrase that decrypts the backup; - asks on the terminal")
	c.store.flags(cmd)
	nowFlag(cmd, &c.now)
	waitFlag(cmd, &c.wait)
	return cmd
}

// drill restores a backup beside the instance.
func (c *restoreCommand) drill(ctx context.Context) error {
	if !elsewhere.Is(c.file) {
		if err := isHere("the backup", c.file, fetched(c.file)); err != nil {
			return c.refuse(err)
		}
	}
	key, err := c.key(ctx)
	if err != nil {
		return c.refuse(err)
	}
	return c.with(ctx, c.changeOptions, func(s *ops.Session, out *presenter) error {
		if c.file == "" {
			if c.file = drill.Newest(backup.LoadLast(s.Dir()), backup.Newest(s.Dir())); c.file == "" {
				return out.end(event.Result{}, noBackup(s.Dir()))
			}
		}
		d, err := c.drillOf(ctx, s)
		if err != nil {
			return out.end(event.Result{}, err)
		}
		result, err := d.Run(ctx, func(ctx context.Context, dir string) (string, error) {
			if elsewhere.Is(c.file) {
				return c.fetch(ctx, filepath.Join(dir, "fetched"), s.Report)
			}
			return filepath.Abs(c.file)
		}, key)
		return out.end(result, err)
	})
}

func noBackup(d instance.Dir) error {
	return finding.Named(finding.Usage, "backup-missing", "there is no backup of this instance in %s", backup.Archives(d)).
		With(finding.Run("Make one", "backup"), finding.Run("Or name a backup", "backup", "drill", "FILE")).Ending(finding.Unchanged)
}

// drillOf asks what has to be asked before a drill.
func (c *restoreCommand) drillOf(ctx context.Context, s *ops.Session) (*drill.Drill, error) {
	o, err := s.Look(ctx)
	if err != nil {
		return nil, err
	}
	if err := guard.MayCopy(o, "a test restore"); err != nil {
		return nil, err
	}
	now, calendar := clock.Now(), kept.Load(s.Dir())
	b, _ := broker.Find(settings.BrokerOf(o.Env))
	if open := market.Open(now, b.Kind == broker.Crypto, calendar); len(open) > 0 {
		p := &plan.Plan{Asks: []plan.Ask{{Kind: plan.AskMarket, Text: "A test restore takes memory and processor time from this instance, and " + market.Describe(open, now, calendar)}}}
		if _, err := c.approve(p, c.changeOptions); err != nil {
			return nil, err
		}
	}
	d := &drill.Drill{Docker: s.Engine, Dir: s.Dir(), Report: s.Report, Redact: settings.Redactor(answers.Answers{}, o.Env), Wait: c.wait, Now: clock.Now}
	if facts, err := host.Measure(ctx); err == nil {
		d.Available = facts.AvailableMiB
	}
	return d, nil
}

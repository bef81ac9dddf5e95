package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/marketcalls/openalgo-install/internal/backup"
	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/ops"
)

func init() { register(newBackup) }

type backupCommand struct {
	*app
	changeOptions
	to         string
	keep       int
	log        bool
	recipients []string
	passphrase string // the file that it is in
	schedule   string
}

func newBackup(a *app) *cobra.Command {
	c := &backupCommand{app: a, changeOptions: changeOptions{ways: "`--now` does it now, `--schedule 02:30` every night"}}
	cmd := &cobra.Command{
		Use:   "backup",
		Short: "Write .env, keys and databases to an archive, and check it",
		Long: `Write an archive of the instance: .env with its keys, docker-compose.yaml, the
answers, and the volumes with databases, strategies and keys. OpenAlgo is
stopped while its data is read, since its databases are not whole otherwise, and
started again whatever comes; how long that took is told. Large files that
nobody writes are read before the stop.

The archive is then read back, every checksum compared, and every SQLite
database in it checked by SQLite. It holds every secret: its mode is 0600, and
--recipient or --passphrase-file encrypts it with age.

--to takes a directory (left out: DIR-backups), a file, or - for stdout, where
nothing can be read back.`,
		Example: `  openalgo-install backup
  openalgo-install backup --to /mnt/backup --keep 14
  openalgo-install backup --to - --recipient age1... | ssh nas 'cat > openalgo.age'
  openalgo-install backup --to /mnt/backup --keep 14 --schedule 02:30`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.run(cmd.Context()) },
	}
	f := cmd.Flags()
	f.StringVar(&c.to, "to", "", "directory, file, or - for stdout")
	f.IntVar(&c.keep, "keep", 0, "how many backups stay in the directory; 0 is all of them")
	f.BoolVar(&c.log, "log", false, "the app's log files, too")
	waitFlag(cmd, &c.wait)
	f.BoolVar(&c.now, "now", false, "stop OpenAlgo also while a market is open")
	f.StringArrayVar(&c.recipients, "recipient", nil, "encrypt to this age recipient (age1...); can be repeated")
	f.StringVar(&c.passphrase, "passphrase-file", "", "encrypt with the passphrase in this file; - asks on the terminal")
	f.StringVar(&c.schedule, "schedule", "", "back up every day at HH:MM IST with these flags; off removes the schedule")
	return cmd
}

func (c *backupCommand) run(ctx context.Context) error {
	if c.keep < 0 {
		return usage("--keep is how many stay, e.g. 14")
	}
	c.stdoutTaken = c.to == "-"
	if c.stdoutTaken && c.json {
		return usage("--to - writes the archive to stdout, where --json would write, too: name a file")
	}
	if c.stdoutTaken && isTerminal(c.stdout) {
		return usage("--to - writes the archive to stdout, which is a terminal: redirect it, e.g. `> openalgo.tar.zst`")
	}
	return c.change(ctx, c.changeOptions, func(s *ops.Session) (wish, error) {
		if c.schedule != "" {
			return wish{do: func(ctx context.Context) (event.Result, error) { return c.setSchedule(ctx, s) }}, nil
		}
		seal := backup.Seal{Recipients: c.recipients}
		var err error
		if c.passphrase != "" {
			seal.Passphrase, err = readPassphrase(ctx, c.app, c.passphrase, true)
		}
		o := ops.BackupOptions{To: c.to, Keep: c.keep, Log: c.log, Seal: seal, Out: c.stdout}
		return wish{do: func(ctx context.Context) (event.Result, error) { return s.Backup(ctx, o) }}, err
	})
}

// setSchedule makes the host call this program with the same flags.
func (c *backupCommand) setSchedule(ctx context.Context, s *ops.Session) (event.Result, error) {
	if c.schedule == "off" {
		return s.RemoveDailyBackup(ctx)
	}
	if c.to == "-" || c.passphrase == "-" {
		return event.Result{}, usage("nobody is there then: --to names a directory, and --passphrase-file a file")
	}
	self, err := os.Executable()
	if err != nil {
		return event.Result{}, fmt.Errorf("finding this program's own file: %w", err)
	}
	// Without --now a run that comes late, after a suspend, stops nothing while a
	// market is open.
	command, recover := []string{self, "backup"}, []string{self, "recover"}
	if c.now {
		command = append(command, "--now")
	}
	flags := len(command)
	for flag, path := range map[string]string{"--dir": c.dir, "--to": c.to, "--passphrase-file": c.passphrase} {
		if path == "" {
			continue
		}
		if path, err = filepath.Abs(path); err != nil {
			return event.Result{}, err
		}
		command = append(command, flag+"="+path)
		if flag == "--dir" {
			recover = append(recover, flag+"="+path)
		}
	}
	slices.Sort(command[flags:])
	if c.keep > 0 {
		command = append(command, "--keep="+strconv.Itoa(c.keep))
	}
	if c.wait > 0 {
		command = append(command, "--wait="+c.wait.String())
	}
	if c.log {
		command = append(command, "--log")
	}
	for _, r := range c.recipients {
		command = append(command, "--recipient="+r)
	}
	if c.to != "" { // the slash says that it is a directory, which may not be there yet
		for i, word := range command {
			if strings.HasPrefix(word, "--to=") {
				command[i] = word + "/"
			}
		}
	}
	return s.SetDailyBackup(ctx, c.schedule, c.to, command, recover, c.now)
}

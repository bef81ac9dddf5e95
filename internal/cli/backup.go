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
	"github.com/marketcalls/openalgo-install/internal/elsewhere"
	"github.com/marketcalls/openalgo-install/internal/later"
	"github.com/marketcalls/openalgo-install/internal/ops"
)

func init() { register(newBackup) }

type backupCommand struct {
	*app
	changeOptions
	to         string
	keep       int
	log        bool
	stop       bool
	recipients []string
	passphrase string // the file that it is in
	schedule   string
	store      storeFlags
	away       *elsewhere.Address // what --to says, where that is on another machine
}

func newBackup(a *app) *cobra.Command {
	c := &backupCommand{app: a, changeOptions: changeOptions{ways: "To back up now, add --now. To back up every night, add --schedule 02:30."}}
	cmd := &cobra.Command{
		Use:   "backup",
		Short: "Write .env, keys and databases to an archive, and check it",
		Long: `Write an archive of the instance: .env with its encryption keys,
docker-compose.yaml, your answers, databases, strategies and private keys.

OpenAlgo runs while its data is copied. Then it is frozen for a moment, usually
less than a second, while the latest changes are copied. Its connections stay
open. If Docker cannot freeze it, if that would take more than 5 s, or if there
is no space for a copy beside the backup, OpenAlgo stops while its data is read.
It is started again even if the backup fails. --stop always stops it. The result
says how long OpenAlgo was frozen or down.

Then the archive is read back: openalgo-install compares every checksum, and
SQLite checks every database. The archive contains every secret. Only you can
read it (mode 0600). --recipient or --passphrase-file encrypts it with age.

--to names a directory (default: DIR-backups), a file that ends in .tar.zst or
.age, or - for stdout, which cannot be read back. A missing directory is created
if its parent exists. A directory is refused if its own disk is not mounted:
/etc/fstab names one, or the last backup there was on one.

--to can also name a store on another machine: s3://BUCKET/PATH,
sftp://USER@NAME:PORT/PATH, or rclone:REMOTE:PATH with an installed rclone. Then
the backup is made in DIR-backups, copied to the store encrypted, and compared.
--keep counts in both places. If the store fails, the backup on this machine
stays. The first time, openalgo-install creates a key and shows it once. Keep
the key: the backups in the store cannot be opened without it.`,
		Example: `  openalgo-install backup
  openalgo-install backup --to /mnt/backup --keep 14
  openalgo-install backup --to - --recipient age1... | ssh nas 'cat > openalgo.age'
  openalgo-install backup --to /mnt/backup --keep 14 --schedule 02:30
  openalgo-install backup --to s3://my-bucket/openalgo --credentials /root/s3.env --keep 14`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.pinged(cmd.Context(), c.run(cmd.Context())) },
	}
	clusterFlags(cmd, a)
	f := cmd.Flags()
	f.StringVar(&c.to, "to", "", "directory, file, s3://, sftp:// or rclone: address, or - for stdout")
	f.IntVar(&c.keep, "keep", 0, "number of backups to keep in the directory; 0 keeps all")
	f.BoolVar(&c.log, "log", false, "include OpenAlgo's log files")
	waitFlag(cmd, &c.wait)
	f.BoolVar(&c.now, "now", false, "do this now, even if a market is open")
	f.BoolVar(&c.stop, "stop", false, "stop OpenAlgo while its data is read, then start it again")
	dryRunFlag(cmd, &c.dryRun)
	f.StringArrayVar(&c.recipients, "recipient", nil, "encrypt to this age recipient (age1...); can be repeated")
	f.StringVar(&c.passphrase, "passphrase-file", "", "encrypt with the passphrase in this file; - asks on the terminal")
	f.StringVar(&c.schedule, "schedule", "", "back up every day at HH:MM IST with these flags; off removes the schedule")
	c.store.flags(cmd)
	cmd.AddCommand(newBackupList(a), newBackupVerify(a), newBackupDrill(a))
	return cmd
}

func (c *backupCommand) run(ctx context.Context) error {
	if c.keep < 0 {
		return usage("--keep needs a number of backups, for example 14")
	}
	if err := c.place(); err != nil {
		return c.refuse(err)
	}
	c.stdoutTaken = c.to == "-" && !c.dryRun
	if c.stdoutTaken && c.json {
		return usage("--to - and --json both write to stdout. Name a file with --to")
	}
	if c.stdoutTaken && isTerminal(c.stdout) {
		return usage("stdout is a terminal. Redirect the archive, for example: --to - > openalgo.tar.zst")
	}
	if c.schedule != "" {
		return c.setSchedule(ctx)
	}
	seal := backup.Seal{Recipients: c.recipients}
	if c.passphrase != "" {
		var err error
		if seal.Passphrase, err = readPassphrase(ctx, c.app, c.passphrase, true); err != nil {
			return c.refuse(err)
		}
	}
	if c.target != "" {
		return c.ofCluster(ctx, seal)
	}
	o := ops.BackupOptions{To: c.to, Keep: c.keep, Log: c.log, Stop: c.stop, Seal: seal, Out: c.stdout}
	if c.away != nil && !c.dryRun {
		return c.copied(ctx, o)
	}
	return c.change(ctx, c.changeOptions, ops.Backup(o))
}

// setSchedule makes this machine call this program with the same flags.
func (c *backupCommand) setSchedule(ctx context.Context) error {
	if c.schedule == "off" {
		return c.change(ctx, c.changeOptions, ops.NoDailyBackup())
	}
	if c.to == "-" || c.passphrase == "-" {
		return c.refuse(usage("a scheduled backup cannot ask you: name a directory with --to, and a file with --passphrase-file"))
	}
	daily := ops.DailyOptions{Clock: c.schedule, To: c.to, Market: c.now, UserTimers: later.UserTimers()}
	var err error
	if daily.Backup, daily.Recover, err = c.scheduled(); err == nil {
		err = c.mayRepeat(ctx)
	}
	if err != nil {
		return c.refuse(err)
	}
	return c.change(ctx, c.changeOptions, ops.DailyBackup(daily))
}

// scheduled are the commands that the machine runs: every day, and after a boot.
func (c *backupCommand) scheduled() (command, recover []string, err error) {
	self, err := os.Executable()
	if err != nil {
		return nil, nil, fmt.Errorf("find openalgo-install's own file: %w", err)
	}
	// Without --now a run that comes late, after a suspend, stops nothing while a
	// market is open.
	command, recover = []string{self, "backup"}, []string{self, "recover"}
	if c.now {
		command = append(command, "--now")
	}
	flags := len(command)
	for flag, path := range map[string]string{"--dir": c.dir, "--to": c.to, "--passphrase-file": c.passphrase, "--credentials": c.store.credentials} {
		if path == "" {
			continue
		}
		if path, err = filepath.Abs(path); err != nil {
			return nil, nil, err
		}
		command = append(command, flag+"="+path)
		if flag == "--dir" {
			recover = append(recover, flag+"="+path)
		}
	}
	slices.Sort(command[flags:])
	if c.away != nil {
		command = append(command, "--to="+c.away.String())
	}
	if c.keep > 0 {
		command = append(command, "--keep="+strconv.Itoa(c.keep))
	}
	if c.wait > 0 {
		command = append(command, "--wait="+c.wait.String())
	}
	if c.log {
		command = append(command, "--log")
	}
	if c.stop {
		command = append(command, "--stop")
	}
	for _, r := range c.recipients {
		command = append(command, "--recipient="+r)
	}
	if c.to != "" && c.away == nil { // the slash says that it is a directory, which may not be there yet
		for i, word := range command {
			if strings.HasPrefix(word, "--to=") {
				command[i] = word + "/"
			}
		}
	}
	return command, recover, nil
}

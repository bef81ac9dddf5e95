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
	c := &backupCommand{app: a, changeOptions: changeOptions{ways: "`--now` does it now, `--schedule 02:30` every night"}}
	cmd := &cobra.Command{
		Use:   "backup",
		Short: "Write .env, keys and databases to an archive, and check it",
		Long: `Write an archive of the instance: .env with its keys, docker-compose.yaml, the
answers, and the volumes with databases, strategies and keys.

OpenAlgo goes on. Its data is copied while it runs; then it is frozen for a
moment, mostly a fraction of a second, in which what changed since is copied. Its
connections stay open. Where Docker cannot freeze it, where that would take more
than 5 s, or where there is no room for a copy beside the backup, it is stopped
while its data is read, and started again even if the backup fails; --stop does
so always. How long it was frozen or down is told at the end.

The archive is then read back, every checksum compared, and every SQLite
database in it checked by SQLite. It holds every secret: its mode is 0600, and
--recipient or --passphrase-file encrypts it with age.

--to takes a directory (left out: DIR-backups), a file, whose name ends in
.tar.zst or .age, or - for stdout, where nothing can be read back. A directory
that is not there is created, if the one above it is. One that is on no disk of its
own although /etc/fstab says so, or the last backup was, is refused.

--to also takes a store on another machine: s3://BUCKET/PATH,
sftp://USER@NAME:PORT/PATH, or rclone:REMOTE:PATH through an installed rclone. The
backup is then made in DIR-backups, copied there encrypted, and compared; --keep
counts in both places. A store that fails spoils nothing here. At the first time a
key is made and shown once: without it nobody can read what is in the store.`,
		Example: `  openalgo-install backup
  openalgo-install backup --to /mnt/backup --keep 14
  openalgo-install backup --to - --recipient age1... | ssh nas 'cat > openalgo.age'
  openalgo-install backup --to /mnt/backup --keep 14 --schedule 02:30
  openalgo-install backup --to s3://my-bucket/openalgo --credentials /root/s3.env --keep 14`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.run(cmd.Context()) },
	}
	f := cmd.Flags()
	f.StringVar(&c.to, "to", "", "directory, file, s3://, sftp:// or rclone: address, or - for stdout")
	f.IntVar(&c.keep, "keep", 0, "how many backups stay in the directory; 0 is all of them")
	f.BoolVar(&c.log, "log", false, "OpenAlgo's log files as well")
	waitFlag(cmd, &c.wait)
	f.BoolVar(&c.now, "now", false, "do this now, even if a market is open")
	f.BoolVar(&c.stop, "stop", false, "stop OpenAlgo while its data is read, and start it again")
	dryRunFlag(cmd, &c.dryRun)
	f.StringArrayVar(&c.recipients, "recipient", nil, "encrypt to this age recipient (age1...); can be repeated")
	f.StringVar(&c.passphrase, "passphrase-file", "", "encrypt with the passphrase in this file; - asks on the terminal")
	f.StringVar(&c.schedule, "schedule", "", "back up every day at HH:MM IST with these flags; off removes the schedule")
	c.store.flags(cmd)
	cmd.AddCommand(newBackupList(a), newBackupVerify(a))
	return cmd
}

func (c *backupCommand) run(ctx context.Context) error {
	if c.keep < 0 {
		return usage("--keep is how many stay, for example 14")
	}
	if err := c.place(); err != nil {
		return c.refuse(err)
	}
	c.stdoutTaken = c.to == "-" && !c.dryRun
	if c.stdoutTaken && c.json {
		return usage("--to - writes the archive to stdout, where --json would write, too: name a file")
	}
	if c.stdoutTaken && isTerminal(c.stdout) {
		return usage("--to - writes the archive to stdout, which is a terminal: redirect it, for example `> openalgo.tar.zst`")
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
		return c.refuse(usage("nobody is there then: --to names a directory, and --passphrase-file a file"))
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
		return nil, nil, fmt.Errorf("finding openalgo-install's own file: %w", err)
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

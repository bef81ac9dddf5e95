package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/marketcalls/openalgo-install/internal/backup"
	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/ops"
	"github.com/marketcalls/openalgo-install/internal/plan"
	"github.com/marketcalls/openalgo-install/internal/readfile"
	"github.com/marketcalls/openalgo-install/internal/secret"
)

type backupOptions struct {
	to         string
	keep       int
	log, now   bool
	recipients []string
	passphrase string // the file that it is in
	schedule   string
	wait       time.Duration
}

func (a *app) backupCommand() *cobra.Command {
	var o backupOptions
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
		RunE: func(cmd *cobra.Command, _ []string) error { return a.backup(cmd.Context(), o) },
	}
	f := cmd.Flags()
	f.StringVar(&o.to, "to", "", "directory, file, or - for stdout")
	f.IntVar(&o.keep, "keep", 0, "how many backups stay in the directory; 0 is all of them")
	f.BoolVar(&o.log, "log", false, "the app's log files, too")
	waitFlag(cmd, &o.wait)
	f.BoolVar(&o.now, "now", false, "stop OpenAlgo also while a market is open")
	f.StringArrayVar(&o.recipients, "recipient", nil, "encrypt to this age recipient (age1...); can be repeated")
	f.StringVar(&o.passphrase, "passphrase-file", "", "encrypt with the passphrase in this file; - asks on the terminal")
	f.StringVar(&o.schedule, "schedule", "", "back up every day at HH:MM IST with these flags; off removes the schedule")
	return cmd
}

func (a *app) backup(ctx context.Context, o backupOptions) error {
	if o.keep < 0 {
		return usage("--keep is how many stay, e.g. 14")
	}
	toStdout := o.to == "-"
	if toStdout && a.json {
		return usage("--to - writes the archive to stdout, where --json would write, too: name a file")
	}
	if toStdout && isTerminal(a.stdout) {
		return usage("--to - writes the archive to stdout, which is a terminal: redirect it, e.g. `> openalgo.tar.zst`")
	}
	out := a.presenter()
	if toStdout {
		out.text, out.live = a.stderr, false
	}
	in, done, err := a.session(ctx, out)
	if err != nil {
		return out.end(event.Result{}, hintDocker(err))
	}
	defer done()
	if o.schedule != "" {
		result, err := a.scheduleBackup(ctx, in, o)
		return out.end(result, err)
	}
	seal := backup.Seal{Recipients: o.recipients}
	if o.passphrase != "" {
		if seal.Passphrase, err = a.passphrase(ctx, o.passphrase, true); err != nil {
			return out.end(event.Result{}, err)
		}
	}
	in.Wait = o.wait
	in.Confirm = func(p *plan.Plan) error {
		return a.confirmPlan(p, o.now, "`--now` does it now, `--schedule 02:30` every night")
	}
	result, err := in.Backup(ctx, ops.BackupOptions{To: o.to, Keep: o.keep, Log: o.log, Seal: seal, Out: a.stdout})
	return out.end(result, err)
}

// passphrase reads one from a file, or asks for it; twice where it is a new one.
func (a *app) passphrase(ctx context.Context, from string, fresh bool) (secret.Text, error) {
	if from != "-" {
		text, err := readfile.Input(ctx, from, readfile.Secret)
		if ctx.Err() != nil {
			return secret.Text{}, errCancelled
		}
		if err != nil {
			return secret.Text{}, usage("--passphrase-file: %v", err)
		}
		text = bytes.TrimRight(text, "\r\n")
		if len(text) == 0 {
			return secret.Text{}, usage("--passphrase-file: %s is empty", from)
		}
		return secret.New(string(text)), nil
	}
	first, err := a.askSecret(ctx, "Passphrase: ")
	if err != nil || !fresh {
		return first, err
	}
	again, err := a.askSecret(ctx, "Repeat the passphrase: ")
	if err == nil && again.Reveal() != first.Reveal() {
		err = usage("the two are not the same; nothing was changed")
	}
	return first, err
}

// askSecret reads a line from the terminal without showing it.
func (a *app) askSecret(ctx context.Context, question string) (secret.Text, error) {
	if !isTerminal(a.stdin) {
		return secret.Text{}, usage("without a terminal nothing is asked: name the file with the passphrase")
	}
	text, err := a.readHidden(ctx, question)
	if err != nil && !errors.Is(err, io.EOF) {
		return secret.Text{}, fmt.Errorf("reading the passphrase: %w", err)
	}
	if len(text) == 0 {
		return secret.Text{}, usage("an empty passphrase protects nothing; nothing was changed")
	}
	return secret.New(text), nil
}

// scheduleBackup makes the host call this program with the same flags.
func (a *app) scheduleBackup(ctx context.Context, in *ops.Session, o backupOptions) (event.Result, error) {
	if o.schedule == "off" {
		return in.RemoveDailyBackup(ctx)
	}
	if o.to == "-" || o.passphrase == "-" {
		return event.Result{}, usage("nobody is there then: --to names a directory, and --passphrase-file a file")
	}
	self, err := os.Executable()
	if err != nil {
		return event.Result{}, fmt.Errorf("finding this program's own file: %w", err)
	}
	// Without --now a run that comes late, after a suspend, stops nothing while a
	// market is open.
	command, recover := []string{self, "backup"}, []string{self, "recover"}
	if o.now {
		command = append(command, "--now")
	}
	flags := len(command)
	for flag, path := range map[string]string{"--dir": a.dir, "--to": o.to, "--passphrase-file": o.passphrase} {
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
	if o.keep > 0 {
		command = append(command, "--keep="+strconv.Itoa(o.keep))
	}
	if o.wait > 0 {
		command = append(command, "--wait="+o.wait.String())
	}
	if o.log {
		command = append(command, "--log")
	}
	for _, r := range o.recipients {
		command = append(command, "--recipient="+r)
	}
	if o.to != "" { // the slash says that it is a directory, which may not be there yet
		for i, word := range command {
			if strings.HasPrefix(word, "--to=") {
				command[i] = word + "/"
			}
		}
	}
	return in.SetDailyBackup(ctx, o.schedule, o.to, command, recover, o.now)
}

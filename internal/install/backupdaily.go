package install

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/marketcalls/openalgo-install/internal/broker"
	"github.com/marketcalls/openalgo-install/internal/compose"
	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/host"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/market"
	"github.com/marketcalls/openalgo-install/internal/readfile"
)

// DailyBackup is a backup that the host makes by itself. It stands in
// <dir>/.openalgo-install/daily.json.
type DailyBackup struct {
	Clock string    `json:"clock"` // HH:MM in India
	Files []string  `json:"files"` // the files of this machine that run it
	Set   time.Time `json:"set,omitzero"`
}

const dailyName = "daily.json"

// ReadDailyBackup looks for the daily backup of an instance; nil when there is
// none.
func ReadDailyBackup(dir string) *DailyBackup {
	d, err := instance.Load[DailyBackup](instance.Dir(dir), dailyName)
	if err != nil || d == nil || len(d.Files) == 0 {
		return nil
	}
	for _, file := range d.Files {
		if !isBackupUnit(file) {
			return nil
		}
	}
	if info, err := os.Lstat(instance.Dir(dir).Work(dailyName)); err == nil && d.Set.IsZero() {
		d.Set = info.ModTime() // an earlier version did not note it
	}
	return d
}

// files are those of the host that are there, and for this directory.
func (d *DailyBackup) files(root, dir string) (out []string) {
	for _, file := range d.Files {
		at := filepath.Join(root, file)
		text, err := readfile.NoLink(at, readfile.Own)
		if base, ok := strings.CutSuffix(at, ".timer"); ok && err == nil { // it names no directory in an older form
			text, err = readfile.NoLink(base+".service", readfile.Own)
		}
		if err == nil && isFor(string(text), dir) {
			out = append(out, file)
		}
	}
	return out
}

// SetDailyBackup makes the host run a command at a time of every day: by
// systemd, or by cron where that is not the init. to is the directory that it
// writes to, "" for the one beside the instance. What did so before stays until
// the new one is in force.
func (in *Installer) SetDailyBackup(ctx context.Context, clock, to string, command, recover []string, marketToo bool) (event.Result, error) {
	next, err := market.Next(time.Now(), clock)
	if err != nil {
		return event.Result{}, finding.Errorf(finding.Usage, "--schedule: %w", err)
	}
	for _, word := range append(slices.Clone(command), recover...) {
		if !plainWord.MatchString(word) {
			return event.Result{}, finding.Errorf(finding.Usage, "--schedule: %q has characters that cron or systemd would take for something else: use a path without them", word)
		}
	}
	env, err := engineEnvironment(os.Getenv)
	if err != nil {
		return event.Result{}, err
	}
	if err := mayCopy(in.onHost(), "a backup"); err != nil {
		return event.Result{}, err
	}
	if _, err := in.saved(ctx, commandBackup); err != nil {
		return event.Result{}, err
	}
	o, err := in.observe(ctx)
	if err != nil {
		return event.Result{}, err
	}
	if err := guardMarket(o, next, clock, marketToo); err != nil {
		return event.Result{}, err
	}
	to = cmp.Or(to, string(in.dir)+archivesSuffix)
	if err := writable(to); err != nil {
		return event.Result{}, finding.Errorf(finding.Usage, "--to names a directory that is made or written to: %w", err)
	}
	before := ReadDailyBackup(string(in.dir))
	wanted := daily{dir: string(in.dir), project: compose.ProjectName(o.project), at: next, backup: command, recover: recover, env: env}
	s := scheduler{systemctl: systemctl}
	files, by, err := s.set(ctx, wanted)
	if err != nil {
		return event.Result{}, err
	}
	d := DailyBackup{Clock: clock, Files: files, Set: time.Now().UTC()}
	if err := instance.Save(in.dir, dailyName, &d); err != nil {
		return event.Result{}, finding.Errorf(finding.Failed, "keeping the time of the daily backup: %w", err)
	}
	if before != nil {
		if err := s.remove(ctx, before.files("", string(in.dir)), files); err != nil {
			return event.Result{}, finding.Errorf(finding.Failed, "the daily backup is set up, and the previous one is still there: %w", err)
		}
	}
	if by == "cron" && cronHere("") != "" {
		in.warn(cronHere("") + ", so nobody runs " + files[0] + ", the daily backup. Install cron (sudo apt-get install cron), or let your own scheduler run that line")
	}
	if by == "cron" && hasSummerTime(time.Local, next.Year()) {
		in.warn("cron uses this machine's clock, which has summer time. For a part of the year the backup runs an hour before or after " + clock + " IST")
	}
	return event.Result{Changed: true, Message: fmt.Sprintf("a backup is made every day at %s IST in %s, by %s (%s). To see how the last one ended: openalgo-install status",
		clock, to, by, strings.Join(files, ", "))}, nil
}

// guardMarket refuses a time when a market is open on any day of the week.
func guardMarket(o *observed, next time.Time, clock string, marketToo bool) error {
	b, _ := broker.Find(brokerOf(o))
	for day := range 7 {
		if open := market.Open(next.AddDate(0, 0, day), b.Kind == broker.Crypto); len(open) > 0 && !marketToo {
			return finding.Errorf(finding.Usage, "at %s IST a market is open (%s), and OpenAlgo stops for some seconds then. Choose another time, or confirm this one with --now", clock, open[0])
		}
	}
	return nil
}

// writable tries a directory by a file in it.
func writable(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	probe, err := os.CreateTemp(dir, ".openalgo-install-")
	if err != nil {
		return err
	}
	return errors.Join(probe.Close(), os.Remove(probe.Name()))
}

// scheduler writes the host's files; root stands before their paths.
type scheduler struct {
	root      string
	systemctl func(ctx context.Context, args ...string) error
}

// set gives the schedule to systemd or cron. Where that fails, it removes what it
// wrote.
func (s scheduler) set(ctx context.Context, d daily) (files []string, by string, err error) {
	if _, err := os.Stat(filepath.Join(s.root, "/run/systemd/system")); err == nil {
		files, err := s.place(ctx, d.units())
		if err != nil {
			return nil, "", finding.Errorf(finding.Failed, "setting up the systemd timer: %w. The previous schedule was not changed.", err)
		}
		return files, "systemd", nil
	}
	table := d.table()
	reason := cronHere(s.root)
	if info, err := os.Stat(filepath.Join(s.root, cronTables)); (reason == "" || reason == noCron) && (err != nil || !info.IsDir()) {
		reason = "there is no " + cronTables
	}
	if reason != "" && reason != noCron { // one may be installed yet, and doctor fails until then
		return nil, "", finding.Errorf(finding.HostNotReady, "this machine has neither systemd nor a usable cron: %s\n\n"+
			"Install cron:\n\n    sudo apt-get install cron\n\nOr let your own scheduler run this at that time:\n\n    %s\n\nand this after a boot:\n\n    %s\n\nNothing was changed.",
			reason, strings.Join(d.backup, " "), strings.Join(d.recover, " "))
	}
	files, err = s.place(ctx, []hostFile{table})
	if err != nil {
		return nil, "", finding.Errorf(finding.Failed, "setting up the daily backup: %w", err)
	}
	return files, "cron", nil
}

// place writes files and enables them, all or none.
func (s scheduler) place(ctx context.Context, list []hostFile) (paths []string, err error) {
	former := map[string][]byte{}
	defer func() {
		if err == nil {
			return
		}
		for path, text := range former {
			if text == nil {
				_ = os.Remove(path)
			} else {
				_ = host.WriteFile(path, text, 0o644, "")
			}
		}
		if len(list) > 1 {
			_ = s.systemctl(context.WithoutCancel(ctx), "daemon-reload")
		}
	}()
	var units []string
	for _, f := range list {
		at := filepath.Join(s.root, f.path)
		if former[at], err = readfile.Optional(at); err != nil {
			return nil, err
		}
		if err := host.WriteFile(at, []byte(f.text), 0o644, ""); err != nil {
			return nil, err
		}
		paths = append(paths, f.path)
		if f.enable {
			units = append(units, filepath.Base(f.path))
		}
	}
	if len(units) == 0 {
		return paths, nil
	}
	if err := s.systemctl(ctx, "daemon-reload"); err != nil {
		return nil, err
	}
	for _, unit := range units {
		args := []string{"enable", "--now", unit}
		if strings.HasSuffix(unit, ".service") {
			args = []string{"enable", unit} // it is for the next boot
		}
		if err := s.systemctl(ctx, args...); err != nil {
			return nil, err
		}
	}
	return paths, nil
}

// remove disables and removes files, except those that stay.
func (s scheduler) remove(ctx context.Context, files, stay []string) error {
	files = slices.DeleteFunc(slices.Clone(files), func(file string) bool { return slices.Contains(stay, file) })
	for _, file := range files {
		if strings.HasSuffix(file, ".timer") || strings.HasSuffix(file, "-recover.service") {
			if err := s.systemctl(ctx, "disable", "--now", filepath.Base(file)); err != nil {
				return err
			}
		}
	}
	for _, file := range files {
		if err := host.Remove(filepath.Join(s.root, file)); err != nil {
			return err
		}
	}
	return nil
}

func systemctl(ctx context.Context, args ...string) error {
	if out, err := exec.CommandContext(ctx, "systemctl", args...).CombinedOutput(); err != nil {
		return fmt.Errorf("systemctl %s: %w: %s", args[0], err, strings.TrimSpace(string(out)))
	}
	return nil
}

// RemoveDailyBackup ends the daily backup, if there is one.
func (in *Installer) RemoveDailyBackup(ctx context.Context) (event.Result, error) {
	d := ReadDailyBackup(string(in.dir))
	if d == nil {
		return event.Result{Message: "nothing to do: there is no daily backup"}, nil
	}
	s := scheduler{systemctl: systemctl}
	err := s.remove(ctx, d.files("", string(in.dir)), nil)
	if err == nil {
		err = host.Remove(in.dir.Work(dailyName))
	}
	if err != nil {
		return event.Result{}, finding.Errorf(finding.Failed, "ending the daily backup: %w", err)
	}
	return event.Result{Changed: true, Message: "no daily backup is made any more; those that are there stay"}, nil
}

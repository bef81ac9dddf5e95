package install

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/marketcalls/openalgo-install/internal/broker"
	"github.com/marketcalls/openalgo-install/internal/compose"
	"github.com/marketcalls/openalgo-install/internal/host"
	"github.com/marketcalls/openalgo-install/internal/market"
)

// Where a host keeps what it does every day.
const (
	systemdUnits = "/etc/systemd/system"
	cronTables   = "/etc/cron.d"
)

// DailyBackup is a backup that the host makes by itself. It stands in
// <dir>/.openalgo-install/daily.json.
type DailyBackup struct {
	Clock string   `json:"clock"` // HH:MM in India
	Files []string `json:"files"` // the host's files that do it
}

const dailyName = "daily.json"

// ReadDailyBackup looks for the daily backup of an instance; nil when there is
// none, or when its files are gone.
func ReadDailyBackup(dir string) *DailyBackup {
	text, err := readOwn(workdir{dir}.path(dailyName))
	var d DailyBackup
	if err != nil || json.Unmarshal(text, &d) != nil {
		return nil
	}
	for _, file := range d.Files {
		if !isBackupUnit(file) {
			return nil
		}
		if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
			return nil
		}
	}
	return &d
}

// plainWord is what a unit and a cron table both take as it stands.
var plainWord = regexp.MustCompile(`^[A-Za-z0-9_./@:+=,-]+$`)

// SetDailyBackup makes the host run a command at a time of every day: by
// systemd, or by cron where that is not the init. to is the directory that it
// writes to, "" for the one beside the instance.
func (in *Installer) SetDailyBackup(ctx context.Context, clock, to string, command []string, marketToo bool) (Result, error) {
	next, err := market.Next(time.Now(), clock)
	if err != nil {
		return Result{}, fail(ExitUsage, "--schedule: %w", err)
	}
	for _, word := range command {
		if !plainWord.MatchString(word) {
			return Result{}, fail(ExitUsage, "--schedule: %q has characters that cron or systemd would take for something else: use a path without them", word)
		}
	}
	if os.Geteuid() != 0 {
		return Result{}, fail(ExitHost, "a daily backup is set up in /etc, which takes root: run this with sudo")
	}
	if _, err := in.saved(ctx); err != nil {
		return Result{}, err
	}
	o, err := in.observe(ctx)
	if err != nil {
		return Result{}, err
	}
	b, _ := broker.Find(brokerOf(o))
	if open := market.Open(next, b.Kind == broker.Crypto); len(open) > 0 && !marketToo {
		return Result{}, fail(ExitUsage, "at %s a market is open (%s), and OpenAlgo is down for some seconds then: choose another time, or add --now if that is meant", clock, open[0])
	}
	to = cmp.Or(to, in.work.dir+archivesSuffix)
	if err := writable(to); err != nil {
		return Result{}, fail(ExitUsage, "--to names a directory that is made or written to: %w", err)
	}
	if _, err := in.RemoveDailyBackup(ctx); err != nil {
		return Result{}, err
	}
	name := "openalgo-backup-" + compose.ProjectName(o.project)
	d := DailyBackup{Clock: clock}
	by := "cron"
	if _, err := os.Stat("/run/systemd/system"); err == nil {
		by = "systemd"
		d.Files, err = writeTimer(ctx, name, clock, command)
		if err != nil {
			return Result{}, fail(ExitFailed, "setting up the systemd timer: %w", err)
		}
	} else if d.Files, err = writeCron(name, next.Local(), command); err != nil {
		return Result{}, err
	}
	text, err := json.MarshalIndent(d, "", "  ")
	if err == nil {
		err = host.WriteFile(in.work.path(dailyName), append(text, '\n'), 0o600, "")
	}
	if err != nil {
		return Result{}, fail(ExitFailed, "keeping the time of the daily backup: %w", err)
	}
	if reason := d.Idle(); reason != "" {
		in.Report.Report(Event{Type: EventWarning, Time: time.Now(), Message: reason})
	}
	return Result{Changed: true, Message: fmt.Sprintf("a backup is made every day at %s Indian time in %s, by %s (%s); `openalgo-install status` tells how the last one ended",
		clock, to, by, strings.Join(d.Files, ", "))}, nil
}

// Idle says why nobody makes the daily backup; "" when somebody does.
func (d *DailyBackup) Idle() string {
	if d == nil || len(d.Files) != 1 { // systemd's are two
		return ""
	}
	for _, daemon := range []string{"cron", "crond", "busybox-crond", "fcron"} {
		for _, dir := range []string{"/usr/sbin", "/sbin", "/usr/bin"} {
			if _, err := os.Stat(filepath.Join(dir, daemon)); err == nil {
				return ""
			}
		}
	}
	return "no cron is installed here, so nobody runs " + d.Files[0] + ", the daily backup: apt-get install cron, or run that line from what you have"
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

func writeTimer(ctx context.Context, name, clock string, command []string) ([]string, error) {
	service := filepath.Join(systemdUnits, name+".service")
	timer := filepath.Join(systemdUnits, name+".timer")
	texts := map[string]string{
		service: "# Made by openalgo-install backup --schedule.\n[Unit]\nDescription=Backup of OpenAlgo\nAfter=docker.service\n\n" +
			"[Service]\nType=oneshot\nExecStart=" + strings.Join(command, " ") + "\n",
		timer: "# Made by openalgo-install backup --schedule.\n[Unit]\nDescription=Daily backup of OpenAlgo\n\n" +
			"[Timer]\nOnCalendar=*-*-* " + clock + ":00 Asia/Kolkata\nPersistent=false\n\n[Install]\nWantedBy=timers.target\n",
	}
	for path, text := range texts {
		if err := host.WriteFile(path, []byte(text), 0o644, ""); err != nil {
			return nil, err
		}
	}
	if err := systemctl(ctx, "daemon-reload"); err != nil {
		return nil, err
	}
	return []string{service, timer}, systemctl(ctx, "enable", "--now", name+".timer")
}

func systemctl(ctx context.Context, args ...string) error {
	if out, err := exec.CommandContext(ctx, "systemctl", args...).CombinedOutput(); err != nil {
		return fmt.Errorf("systemctl %s: %w: %s", args[0], err, strings.TrimSpace(string(out)))
	}
	return nil
}

// writeCron goes by the host's own clock, as cron does; India has no summer
// time, so only a host that has one is off by an hour for half a year.
func writeCron(name string, at time.Time, command []string) ([]string, error) {
	if info, err := os.Stat(cronTables); err != nil || !info.IsDir() {
		return nil, fail(ExitHost, "this host has neither systemd nor cron: install cron (apt-get install cron), or call `openalgo-install backup` from what you have")
	}
	path := filepath.Join(cronTables, name)
	text := fmt.Sprintf("# Made by openalgo-install backup --schedule.\nPATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n%d %d * * * root %s >/dev/null 2>&1\n",
		at.Minute(), at.Hour(), strings.Join(command, " "))
	if err := host.WriteFile(path, []byte(text), 0o644, ""); err != nil {
		return nil, fail(ExitFailed, "setting up the daily backup: %w", err)
	}
	return []string{path}, nil
}

// RemoveDailyBackup ends the daily backup, if there is one.
func (in *Installer) RemoveDailyBackup(ctx context.Context) (Result, error) {
	d := ReadDailyBackup(in.work.dir)
	if d == nil {
		return Result{Message: "nothing to do: there is no daily backup"}, nil
	}
	for _, file := range d.Files {
		if strings.HasSuffix(file, ".timer") {
			if err := systemctl(ctx, "disable", "--now", filepath.Base(file)); err != nil {
				return Result{}, fail(ExitFailed, "ending the daily backup: %w", err)
			}
		}
	}
	for _, file := range append(d.Files, in.work.path(dailyName)) {
		if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return Result{}, fail(ExitFailed, "ending the daily backup: %w", err)
		}
	}
	return Result{Changed: true, Message: "no daily backup is made any more; those that are there stay"}, nil
}

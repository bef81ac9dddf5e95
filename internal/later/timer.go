package later

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/host"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/readfile"
)

// Daily is a backup that systemd or cron of this machine makes.
type Daily struct {
	Clock string    `json:"clock"` // HH:MM in India
	Files []string  `json:"files"` // the files of this machine that run it
	Set   time.Time `json:"set,omitzero"`
}

const dailyName = "daily.json"

// LoadDaily looks for the daily backup of an instance; nil when there is
// none.
func LoadDaily(dir instance.Dir) *Daily {
	d, err := instance.Load[Daily](dir, dailyName)
	if err != nil || d == nil || len(d.Files) == 0 {
		return nil
	}
	for _, file := range d.Files {
		if !isUnit(file) && !isUserUnit(file, userUnits()) {
			return nil
		}
	}
	if info, err := os.Lstat(dir.Work(dailyName)); err == nil && d.Set.IsZero() {
		d.Set = info.ModTime() // an earlier version did not note it
	}
	return d
}

// files are those of the host that are there, and for this directory.
func (d *Daily) files(root, dir string) (out []string) {
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

// SetDaily sets up a job that runs every day: by systemd, or by cron where systemd is
// not the init. What did so before stays until the new one is in force. warn is
// told what the user has to do for it.
func SetDaily(ctx context.Context, dir instance.Dir, clock string, job Job, warn func(*finding.Error)) (files []string, by string, err error) {
	before, s := LoadDaily(dir), schedulerOf(job.User)
	if job.User {
		job.userUnits = userUnits()
	}
	if files, by, err = s.set(ctx, job); err != nil {
		return nil, "", err
	}
	d := Daily{Clock: clock, Files: files, Set: time.Now().UTC()}
	if err := instance.Save(dir, dailyName, &d); err != nil {
		return nil, "", finding.Named(finding.Failed, "schedule-failed", "store the time of the daily backup: %w", err)
	}
	if before != nil {
		if err := schedulerOf(before.isUsers()).remove(ctx, before.files("", string(dir)), files); err != nil {
			return nil, "", finding.Named(finding.Failed, "schedule-failed", "the daily backup is set up, but the previous schedule is still active: %w", err)
		}
	}
	if reason := cronHere(""); by == "cron" && reason != "" {
		warn(finding.Warn("cron-missing", "%s, so nothing runs %s, the daily backup. Install cron (sudo apt-get install cron), or let your own scheduler run that line", reason, files[0]))
	}
	if by == "cron" && hasSummerTime(time.Local, job.At.Year()) {
		warn(finding.Warn("cron-summer-time", "cron uses this machine's clock, which has summer time. For part of the year the backup runs an hour before or after %s IST", clock))
	}
	if job.User && !lingers("") {
		warn(noLinger())
	}
	return files, by, nil
}

// RemoveDaily ends the daily backup, and reports whether there was one.
func RemoveDaily(ctx context.Context, dir instance.Dir) (bool, error) {
	d := LoadDaily(dir)
	if d == nil {
		return false, nil
	}
	err := schedulerOf(d.isUsers()).remove(ctx, d.files("", string(dir)), nil)
	if err == nil {
		err = instance.Own(dir).Remove(dailyName)
	}
	if err != nil {
		return false, finding.Named(finding.Failed, "schedule-failed", "end the daily backup: %w", err)
	}
	return true, nil
}

// scheduler writes the host's files; root stands before their paths.
type scheduler struct {
	root      string
	systemctl func(ctx context.Context, args ...string) error
}

// schedulerOf is that of the machine, or of the user who runs this.
func schedulerOf(user bool) scheduler {
	if user {
		return scheduler{systemctl: userSystemctl}
	}
	return scheduler{systemctl: systemctl}
}

// bySystemd reports whether systemd is the init.
func (s scheduler) bySystemd() bool {
	_, err := os.Stat(filepath.Join(s.root, "/run/systemd/system"))
	return err == nil
}

// set gives the schedule to systemd or cron. Where that fails, it removes what it
// wrote.
func (s scheduler) set(ctx context.Context, d schedule) (files []string, by string, err error) {
	switch job := d.(type) {
	case Job:
		if job.User {
			files, err := s.setUser(ctx, job)
			return files, "systemd", err
		}
	case UpgradeJob:
		if job.User {
			files, err := s.placeForUser(ctx, job.userUnits, job.units())
			return files, "systemd", err
		}
	}
	if s.bySystemd() {
		files, err := s.place(ctx, d.units())
		if err != nil {
			return nil, "", finding.Named(finding.Failed, "schedule-failed", "set up the systemd timer: %w. The previous schedule was not changed.", err)
		}
		return files, "systemd", nil
	}
	table := d.table()
	reason := cronHere(s.root)
	if info, err := os.Stat(filepath.Join(s.root, cronTables)); (reason == "" || reason == noCron) && (err != nil || !info.IsDir()) {
		reason = "there is no " + cronTables
	}
	if reason != "" && reason != noCron { // one may be installed yet, and doctor fails until then
		return nil, "", finding.Named(finding.HostNotReady, "scheduler-missing", "this machine has neither systemd nor a usable cron: %s\n\n"+
			"Install cron:\n\n    sudo apt-get install cron\n\n%s\n\nNothing was changed.", reason, d.lines())
	}
	files, err = s.place(ctx, []hostFile{table})
	if err != nil {
		return nil, "", finding.Named(finding.Failed, "schedule-failed", "setting up the schedule: %w", err)
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
	if out, err := host.Command(ctx, "systemctl", args...).CombinedOutput(); err != nil {
		return fmt.Errorf("systemctl %s: %w: %s", args[0], err, strings.TrimSpace(string(out)))
	}
	return nil
}

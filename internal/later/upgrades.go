package later

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/finding"
)

// UpgradeJob looks every half hour whether an upgrade is due. The window is in the
// instance's directory: to choose another one changes no file of the machine.
type UpgradeJob struct {
	Dir     string
	Command []string
	Env     []string // NAME=value
	User    bool     // the user's own systemd runs it: Docker runs without root
}

const upgradesMade = "# Made by openalgo-install upgrade --auto for "

var notInAName = regexp.MustCompile(`[^A-Za-z0-9_-]+`)

// upgradesName is that of the files of an instance in a directory.
func upgradesName(dir string) string {
	sum := sha256.Sum256([]byte(dir))
	return fmt.Sprintf("openalgo-upgrade-%s-%x", notInAName.ReplaceAllString(filepath.Base(dir), "-"), sum[:4])
}

// upgradesFiles are those that a machine may have for it: units, and cron's table.
func upgradesFiles(dir, units string) (timer, service, table string) {
	at := filepath.Join(units, upgradesName(dir))
	return at + ".timer", at + ".service", filepath.Join(cronTables, upgradesName(dir))
}

// units are systemd's. Several machines do not ask the registry in the same second.
func (j UpgradeJob) units(dir string) []hostFile {
	timer, service, _ := upgradesFiles(j.Dir, dir)
	head := upgradesMade + j.Dir + "\n[Unit]\nDescription=Upgrades of OpenAlgo in " + j.Dir + "\n"
	run := "\n[Service]\n"
	for _, e := range j.Env {
		run += "Environment=" + e + "\n"
	}
	run += "Type=oneshot\nTimeoutStartSec=3h\nTimeoutStopSec=15min\nExecStart=" + strings.Join(j.Command, " ") + "\n"
	if !j.User {
		head += "After=docker.service podman.socket\n"
	}
	return []hostFile{
		{path: service, text: head + run},
		{path: timer, enable: true, text: head + "\n[Timer]\nOnCalendar=*:0/30\nRandomizedDelaySec=5min\nPersistent=false\n\n[Install]\nWantedBy=timers.target\n"},
	}
}

// cronTable is cron's.
func (j UpgradeJob) cronTable() hostFile {
	_, _, table := upgradesFiles(j.Dir, "")
	text := upgradesMade + j.Dir + "\nPATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n" + strings.Join(append(j.Env[:len(j.Env):len(j.Env)], ""), "\n") +
		fmt.Sprintf("*/30 * * * * root %s >%s 2>&1\n", strings.Join(j.Command, " "), filepath.Join(hostLogs, upgradesName(j.Dir)+".log"))
	return hostFile{path: table, text: text}
}

// SetUpgrades has this machine run a job every half hour: by systemd, or by cron where
// that is not the init.
func SetUpgrades(ctx context.Context, j UpgradeJob) (by string, err error) {
	return schedulerOf(j.User).setUpgrades(ctx, j, userUnits())
}

func (s scheduler) setUpgrades(ctx context.Context, j UpgradeJob, ofUser string) (by string, err error) {
	for _, word := range j.Command {
		if !plainWord.MatchString(word) {
			return "", finding.Named(finding.Usage, "schedule-unusable", "--auto: %q has characters that cron or systemd would take for something else: use a path without them", word)
		}
	}
	units := systemdUnits
	_, noSystemd := os.Stat(filepath.Join(s.root, "/run/systemd/system"))
	reason := cronHere(s.root)
	switch {
	case j.User && (ofUser == "" || !UserTimers()):
		return "", finding.Named(finding.HostNotReady, "scheduler-missing", "this Docker runs without root, and no systemd of yours runs timers here").
			With(finding.Shell("Let your crontab run this", "*/30 * * * * "+strings.Join(j.Command, " "))).Ending(finding.Unchanged)
	case j.User:
		units = ofUser
		if err := os.MkdirAll(filepath.Join(s.root, units), 0o755); err != nil {
			return "", finding.Named(finding.Failed, "schedule-failed", "setting up the timer of your systemd: %w", err)
		}
	case noSystemd != nil && reason != "":
		return "", finding.Named(finding.HostNotReady, "scheduler-missing", "this machine has neither systemd nor a usable cron: %s", reason).
			With(finding.Shell("Install cron", "sudo apt-get install cron"), finding.Shell("Or let your own scheduler run this every half hour", strings.Join(j.Command, " "))).
			Ending(finding.Unchanged)
	case noSystemd != nil:
		if _, err := s.place(ctx, []hostFile{j.cronTable()}); err != nil {
			return "", finding.Named(finding.Failed, "schedule-failed", "setting up the cron table for upgrades: %w", err)
		}
		return "cron", nil
	}
	if _, err := s.place(ctx, j.units(units)); err != nil {
		return "", finding.Named(finding.Failed, "schedule-failed", "setting up the systemd timer for upgrades: %w", err)
	}
	return "systemd", nil
}

// RemoveUpgrades ends that job, and reports whether there was one.
func RemoveUpgrades(ctx context.Context, dir string) (bool, error) {
	was, err := schedulerOf(false).removeUpgrades(ctx, dir, systemdUnits)
	if units := userUnits(); units != "" {
		own, failed := schedulerOf(true).removeUpgrades(ctx, dir, units)
		return was || own, errors.Join(err, failed)
	}
	return was, err
}

func (s scheduler) removeUpgrades(ctx context.Context, dir, units string) (bool, error) {
	timer, service, table := upgradesFiles(dir, units)
	var there []string
	for _, file := range []string{timer, service, table} {
		if _, err := os.Lstat(filepath.Join(s.root, file)); err == nil {
			there = append(there, file)
		}
	}
	if len(there) == 0 {
		return false, nil
	}
	if err := s.remove(ctx, there, nil); err != nil {
		return false, finding.Named(finding.Failed, "schedule-failed", "ending the timer for upgrades: %w", err)
	}
	return true, nil
}

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
	"github.com/marketcalls/openalgo-install/internal/readfile"
)

// UpgradeJob looks every half hour whether an upgrade is due. The window is in the
// instance's directory: to choose another one changes no file of the machine.
type UpgradeJob struct {
	Dir     string
	Command []string
	Env     []string // NAME=value
	User    bool     // the user's own systemd runs it: Docker runs without root

	userUnits string // where that reads units
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
func (j UpgradeJob) units() []hostFile {
	dir := systemdUnits
	if j.User {
		dir = j.userUnits
	}
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

func (j UpgradeJob) lines() string {
	return "Or let your own scheduler run this every half hour:\n\n    " + strings.Join(j.Command, " ")
}

// table is cron's.
func (j UpgradeJob) table() hostFile {
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
			return "", finding.Named(finding.Usage, "schedule-unusable", "--auto: %q has characters with a special meaning for cron or systemd. Use a path without them", word)
		}
	}
	j.userUnits = ofUser
	if j.User && (ofUser == "" || !UserTimers()) {
		return "", finding.Named(finding.HostNotReady, "scheduler-missing", "this Docker runs without root, and your user has no systemd that runs timers").
			With(finding.Shell("Let your crontab run this", "*/30 * * * * "+strings.Join(j.Command, " "))).Ending(finding.Unchanged)
	}
	_, by, err = s.set(ctx, j)
	return by, err
}

// UpgradesProblem says why nothing looks for upgrades of an instance; "" where something
// does.
func UpgradesProblem(ctx context.Context, dir string) string {
	why := schedulerOf(false).upgradesProblem(ctx, dir, systemdUnits)
	if units := userUnits(); why != "" && units != "" {
		return schedulerOf(true).upgradesProblem(ctx, dir, units)
	}
	return why
}

func (s scheduler) upgradesProblem(ctx context.Context, dir, units string) string {
	timer, service, table := upgradesFiles(dir, units)
	text, err := readfile.NoLink(filepath.Join(s.root, service), readfile.Own)
	if err == nil {
		if _, err := os.Lstat(filepath.Join(s.root, timer)); err != nil || s.systemctl(ctx, "--quiet", "is-enabled", filepath.Base(timer)) != nil {
			return filepath.Base(timer) + " is disabled or gone"
		}
	} else if text, err = readfile.NoLink(filepath.Join(s.root, table), readfile.Own); err != nil {
		return "their timer is gone"
	} else if reason := cronHere(s.root); reason != "" {
		return reason + ", so nothing runs " + table
	}
	program := programIn(string(text))
	if info, err := os.Stat(filepath.Join(s.root, program)); program == "" || err != nil || info.IsDir() || info.Mode()&0o111 == 0 {
		return "their timer runs " + program + ", which no longer exists"
	}
	return ""
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

package later

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/market"
	"github.com/marketcalls/openalgo-install/internal/readfile"
	"github.com/marketcalls/openalgo-install/internal/userns"
)

// WatchEvery is how often the watch looks, in minutes.
const WatchEvery = 2

// WatchJob is the watch, as this machine runs it.
type WatchJob struct {
	Command []string
	Env     []string // NAME=value
	PreOpen string   // HH:MM in India; "" is no line before the market opens
}

// WatchOn is a watch that is set up.
type WatchOn struct {
	By      string   // systemd, cron, or crontab for a user's own
	Files   []string // "" for a crontab
	PreOpen string   // HH:MM in India; "" is none
	Program string
	// Problem says why nothing runs it; "" where something does.
	Problem string
}

const (
	watchName  = "openalgo-watch"
	watchMade  = "# Made by openalgo-install watch on"
	watchTable = cronTables + "/" + watchName
	watchLog   = hostLogs + "/" + watchName + ".log"
)

// Check refuses what cron or systemd would read as something else.
func (w WatchJob) Check() error {
	for _, word := range slices.Concat(w.Command, w.Env) {
		if !plainWord.MatchString(word) {
			return finding.Named(finding.Usage, "schedule-unusable", "%q has characters with a special meaning for cron or systemd. Use a path without them", word).Ending(finding.Unchanged)
		}
	}
	return nil
}

// preOpen is when the line before the market opens is due, by the clock of a zone.
func (w WatchJob) preOpen(zone *time.Location) (time.Time, bool) {
	if w.PreOpen == "" {
		return time.Time{}, false
	}
	at, err := market.Next(time.Now(), w.PreOpen)
	return at.In(zone), err == nil
}

// units are systemd's. A round that was missed is not made up for: the next one comes
// soon. Its start and end are not logged, 1,400 lines a day.
func (w WatchJob) units() []hostFile {
	service := watchMade + "\n[Unit]\nDescription=Watch of OpenAlgo on this machine\nAfter=docker.service podman.socket\n\n[Service]\n"
	for _, e := range w.Env {
		service += "Environment=" + e + "\n"
	}
	service += "Type=oneshot\nTimeoutStartSec=45min\nTimeoutStopSec=15min\nSyslogLevel=notice\nLogLevelMax=notice\nExecStart=" + strings.Join(w.Command, " ") + "\n"
	timer := watchMade + "\n[Unit]\nDescription=Watch of OpenAlgo on this machine\n\n[Timer]\nOnBootSec=45s\n" + fmt.Sprintf("OnCalendar=*:0/%d\n", WatchEvery)
	if at, ok := w.preOpen(time.UTC); ok {
		timer += "OnCalendar=*-*-* " + at.Format("15:04") + ":05 UTC\n"
	}
	timer += "AccuracySec=5s\nPersistent=false\n\n[Install]\nWantedBy=timers.target\n"
	at := func(ending string) string { return filepath.Join(systemdUnits, watchName+ending) }
	return []hostFile{{path: at(".service"), text: service}, {path: at(".timer"), text: timer, enable: true}}
}

// table is cron's.
func (w WatchJob) table() hostFile {
	text := watchMade + "\nPATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n" + strings.Join(append(w.Env[:len(w.Env):len(w.Env)], ""), "\n")
	for _, when := range w.whens() {
		text += fmt.Sprintf("%s root %s >%s 2>&1\n", when, strings.Join(w.Command, " "), watchLog)
	}
	return hostFile{path: watchTable, text: text}
}

// whens are the times of cron.
func (w WatchJob) whens() []string {
	out := []string{fmt.Sprintf("*/%d * * * *", WatchEvery), "@reboot"}
	if at, ok := w.preOpen(time.Local); ok && at.Minute()%WatchEvery != 0 {
		out = append(out, fmt.Sprintf("%d %d * * *", at.Minute(), at.Hour()))
	}
	return out
}

func (w WatchJob) lines() string {
	return fmt.Sprintf("Or let your own scheduler run this every %d minutes:\n\n    %s", WatchEvery, strings.Join(w.Command, " "))
}

// watchScheduler is where the watch is set up: on this machine, or for its user.
func watchScheduler() userScheduler {
	s := userScheduler{scheduler: scheduler{systemctl: systemctl}, crontab: crontab}
	if userns.IsRoot() {
		return s
	}
	s.user, s.userUnits, s.systemctl, s.hasSystemd = true, userUnits(), userSystemctl, UserTimers
	return s
}

// SetWatch has this machine run the watch: by systemd, or by cron where that is not the
// init. Without root it is the user's own systemd or crontab. warn is told what the
// user has to do for it.
func SetWatch(ctx context.Context, w WatchJob, warn func(*finding.Error)) (by string, err error) {
	return watchScheduler().setWatch(ctx, w, warn)
}

// RemoveWatch ends the watch, and reports whether there was one.
func RemoveWatch(ctx context.Context) (bool, error) { return watchScheduler().removeWatch(ctx) }

// LoadWatch looks whether this machine runs the watch; nil: it does not.
func LoadWatch(ctx context.Context) *WatchOn { return watchScheduler().watch(ctx) }

func (s userScheduler) setWatch(ctx context.Context, w WatchJob, warn func(*finding.Error)) (by string, err error) {
	if err := w.Check(); err != nil {
		return "", err
	}
	before := s.watch(ctx)
	var files []string
	if s.user {
		files, by, err = s.setForUser(ctx, w)
	} else {
		files, by, err = s.set(ctx, w)
	}
	if err != nil {
		return "", err
	}
	if before != nil && before.By != by {
		err := s.remove(ctx, before.Files, files)
		if err == nil && before.By == byCrontab {
			err = s.dropLines(ctx)
		}
		if err != nil {
			return "", finding.Named(finding.Failed, "schedule-failed", "the watch is set up, but the previous one is still active: %w", err)
		}
	}
	if now := s.watch(ctx); now != nil && now.Problem != "" && warn != nil {
		warn(finding.Warn("watch-idle", "%s", now.Problem))
	}
	return by, nil
}

func (s userScheduler) removeWatch(ctx context.Context) (bool, error) {
	on := s.watch(ctx)
	if on == nil {
		return false, nil
	}
	err := s.remove(ctx, on.Files, nil)
	if err == nil && on.By == byCrontab {
		err = s.dropLines(ctx)
	}
	if err == nil && on.By == "systemd" {
		err = s.systemctl(ctx, "daemon-reload")
	}
	if err != nil {
		return false, finding.Named(finding.Failed, "schedule-failed", "ending the watch: %w", err)
	}
	return true, nil
}

// watch looks for the files.
func (s userScheduler) watch(ctx context.Context) *WatchOn {
	var on *WatchOn
	units := systemdUnits
	if s.user {
		units = s.userUnits
	}
	for _, file := range []string{filepath.Join(units, watchName+".timer"), filepath.Join(units, watchName+".service"), watchTable} {
		if s.user && (units == "" || file == watchTable) {
			continue
		}
		text, err := readfile.NoLink(filepath.Join(s.root, file), readfile.Config)
		if err != nil || !strings.HasPrefix(string(text), watchMade) {
			continue
		}
		if on == nil {
			on = &WatchOn{By: "systemd"}
		}
		on.Files = append(on.Files, file)
		on.read(string(text))
		if file == watchTable {
			on.By = "cron"
		}
	}
	if on == nil && s.user {
		on = s.watchInCrontab(ctx)
	}
	if on != nil {
		on.Problem = s.idleWatch(ctx, on)
	}
	return on
}

var preOpenFlag = regexp.MustCompile(`--preopen=(\d\d:\d\d)`)

// read takes from a file what runs.
func (w *WatchOn) read(text string) {
	if program := programIn(text); program != "" {
		w.Program = program
	}
	if at := preOpenFlag.FindStringSubmatch(text); at != nil {
		w.PreOpen = at[1]
	}
}

// idleWatch says why nothing runs the watch.
func (s userScheduler) idleWatch(ctx context.Context, on *WatchOn) string {
	again := finding.Prompt{Sudo: !s.user}.Command("watch", "on")
	if info, err := os.Stat(filepath.Join(s.root, on.Program)); on.Program == "" || err != nil || info.IsDir() || info.Mode()&0o111 == 0 {
		return "the watch runs " + on.Program + ", which no longer exists. Set it up again: " + again
	}
	switch on.By {
	case "cron":
		if reason := cronHere(s.root); reason != "" {
			return reason + ", so nothing runs " + watchTable + ". Install cron: sudo apt-get install cron"
		}
	case "systemd":
		if len(on.Files) < 2 || s.systemctl(ctx, "--quiet", "is-enabled", watchName+".timer") != nil {
			return watchName + ".timer is disabled or not complete. Set it up again: " + again
		}
		if s.user && !lingers(s.root) {
			return "your services end with your login, and so does the watch. Let them run: sudo loginctl enable-linger $USER"
		}
	}
	return ""
}

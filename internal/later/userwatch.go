package later

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/host"
)

const byCrontab = "crontab"

// userScheduler is a scheduler that a user without root can have, too.
type userScheduler struct {
	scheduler
	user       bool
	userUnits  string // where the units of the user are; "" is nowhere
	hasSystemd func() bool
	crontab    func(ctx context.Context, stdin string, args ...string) (string, error)
}

// setForUser gives the watch to the user's own systemd, or to the crontab.
func (s userScheduler) setForUser(ctx context.Context, w WatchJob) (files []string, by string, err error) {
	if s.hasSystemd() && s.userUnits != "" {
		units := w.units()
		for n := range units {
			units[n].path = filepath.Join(s.userUnits, filepath.Base(units[n].path))
			units[n].text = strings.ReplaceAll(units[n].text, "After=docker.service podman.socket\n", "")
		}
		files, err = s.placeForUser(ctx, s.userUnits, units)
		return files, "systemd", err
	}
	before, err := s.crontab(ctx, "", "-l")
	if errors.Is(err, exec.ErrNotFound) {
		return nil, "", finding.Named(finding.HostNotReady, "scheduler-missing", "this user has neither systemd nor a crontab\n\n%s", w.lines()).
			With(finding.Shell("Install cron", "sudo apt-get install cron")).Ending(finding.Unchanged)
	}
	if err != nil && !saysNone(err) { // what cannot be read would be overwritten
		return nil, "", finding.Named(finding.Failed, "schedule-failed", "reading your crontab: %w. It was not changed", err)
	}
	if _, err := s.crontab(ctx, withoutWatch(before)+w.crontabLines(), "-"); err != nil {
		return nil, "", finding.Named(finding.Failed, "schedule-failed", "writing your crontab: %w", err)
	}
	return nil, byCrontab, nil
}

// saysNone reports whether the user has no crontab yet.
func saysNone(err error) bool {
	said := strings.ToLower(err.Error())
	return strings.Contains(said, "no crontab") || strings.Contains(said, "no fcrontab") || strings.Contains(said, "no such file")
}

// crontabLines are what a user's crontab gets. Its environment is in the command: a
// setting would count for the lines below it as well.
func (w WatchJob) crontabLines() string {
	text := ""
	for _, when := range w.whens() {
		text += when + " " + strings.Join(append(w.Env[:len(w.Env):len(w.Env)], w.Command...), " ") + " >/dev/null 2>&1 " + watchMade + "\n"
	}
	return text
}

// withoutWatch is a crontab without the lines of the watch.
func withoutWatch(table string) string {
	var out strings.Builder
	for line := range strings.Lines(table) {
		if !strings.Contains(line, watchMade) {
			out.WriteString(line)
		}
	}
	if text := out.String(); text != "" && !strings.HasSuffix(text, "\n") {
		return text + "\n"
	}
	return out.String()
}

func (s userScheduler) dropLines(ctx context.Context) error {
	table, err := s.crontab(ctx, "", "-l")
	if err == nil {
		_, err = s.crontab(ctx, withoutWatch(table), "-")
	}
	return err
}

// watchInCrontab looks for the watch in the user's crontab; nil: it is not there.
func (s userScheduler) watchInCrontab(ctx context.Context) *WatchOn {
	table, err := s.crontab(ctx, "", "-l")
	if err != nil {
		return nil
	}
	for line := range strings.Lines(table) {
		if !strings.Contains(line, watchMade) {
			continue
		}
		on := &WatchOn{By: byCrontab}
		on.read(line)
		for _, word := range strings.Fields(line) {
			if filepath.IsAbs(word) {
				on.Program = word
				break
			}
		}
		return on
	}
	return nil
}

// crontab runs the program of that name.
func crontab(ctx context.Context, stdin string, args ...string) (string, error) {
	path, err := exec.LookPath("crontab")
	if err != nil {
		return "", err
	}
	cmd := host.Command(ctx, path, args...)
	var out, said bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &out, &said
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("crontab %s: %w: %s", args[0], err, strings.TrimSpace(said.String()))
	}
	return out.String(), nil
}

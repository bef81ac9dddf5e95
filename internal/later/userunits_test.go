package later

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/finding"
)

const unitsOfUser = "/home/a/.config/systemd/user"

// jobOfUser is a daily backup on a Docker without root.
func jobOfUser(dir string) Job {
	d := dailyOf(dir)
	d.Env, d.User, d.userUnits = []string{"HOME=/home/a", "DOCKER_HOST=unix:///run/user/1000/docker.sock"}, true, unitsOfUser
	return d
}

func TestDailyOfAUser(t *testing.T) {
	t.Parallel()
	const dir = "/home/a/openalgo"
	var calls []string
	s := scheduler{root: hostWith(t, program), systemctl: func(_ context.Context, args ...string) error {
		calls = append(calls, strings.Join(args, " "))
		return nil
	}}
	job := jobOfUser(dir)
	files, by, err := s.set(t.Context(), job)
	if err != nil || by != "systemd" || len(files) != 3 {
		t.Fatal(files, by, err)
	}
	for _, file := range files {
		if !isUserUnit(file, unitsOfUser) || isUnit(file) || isUserUnit(file, "") || isUserUnit(file, "/home/b/.config/systemd/user") {
			t.Errorf("%s: whose is it?", file)
		}
	}
	name := job.name()
	if want := []string{"daemon-reload", "enable " + name + "-recover.service", "enable --now " + name + ".timer"}; !slices.Equal(calls, want) {
		t.Errorf("%v, want %v", calls, want)
	}
	recovery, _ := os.ReadFile(filepath.Join(s.root, unitsOfUser, name+"-recover.service"))
	if !strings.Contains(string(recovery), "WantedBy=default.target\n") || !strings.Contains(string(recovery), "Environment=DOCKER_HOST=unix:///run/user/1000/docker.sock\n") {
		t.Errorf("%s", recovery)
	}
	verifyUnits(t, jobOfUser(dir))

	d := &Daily{Clock: "02:30", Files: files}
	if !d.isUsers() || (&Daily{Files: []string{"/etc/cron.d/openalgo-backup-x"}}).isUsers() {
		t.Error("whose schedule is it?")
	}
	if got := s.idle(t.Context(), d, dir); got != "" {
		t.Error(got)
	}
	off := scheduler{root: s.root, systemctl: func(context.Context, ...string) error { return errors.New("disabled") }}
	if got := off.idle(t.Context(), d, dir); !strings.Contains(got, "Enable it: systemctl --user enable --now") {
		t.Error(got)
	}
	if err := s.remove(t.Context(), d.files(s.root, dir), nil); err != nil {
		t.Fatal(err)
	}
	if left, _ := os.ReadDir(filepath.Join(s.root, unitsOfUser)); len(left) > 0 {
		t.Error(left)
	}
}

// A systemd that does not answer leaves nothing behind, and the way by hand is told.
func TestDailyOfAUserFails(t *testing.T) {
	t.Parallel()
	s := scheduler{root: t.TempDir(), systemctl: func(context.Context, ...string) error { return errors.New("no bus") }}
	_, _, err := s.set(t.Context(), jobOfUser("/home/a/openalgo"))
	if text := (finding.Prompt{}).Text(err); finding.IDOf(err) != "schedule-failed" || !strings.Contains(text, "crontab -e") {
		t.Errorf("%v", text)
	}
	if left, _ := os.ReadDir(filepath.Join(s.root, unitsOfUser)); len(left) > 0 {
		t.Error(left)
	}
	homeless := jobOfUser("/home/a/openalgo")
	homeless.userUnits = ""
	if _, _, err := s.set(t.Context(), homeless); finding.IDOf(err) != "schedule-by-hand" {
		t.Errorf("%v", err)
	}
}

func TestLingers(t *testing.T) {
	t.Parallel()
	if lingers(t.TempDir()) {
		t.Error("nobody lingers there")
	}
	if lingers(hostWith(t, "/var/lib/systemd/linger/root")) != (os.Geteuid() == 0) {
		t.Error("root lingers there")
	}
}

package later

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/marketcalls/openalgo-install/internal/backup"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/market"
)

// dailyOf is what a host is told for an instance.
func dailyOf(dir string) Job {
	return Job{
		Dir: dir, Project: "openalgo", At: time.Date(2026, 11, 26, 2, 30, 0, 0, market.IST), Env: []string{"HOME=/root", "DOCKER_HOST=unix:///run/second.sock"},
		Backup: []string{"/usr/bin/openalgo-install", "backup", "--dir=" + dir, "--keep=3"}, Recover: []string{"/usr/bin/openalgo-install", "recover", "--dir=" + dir},
	}
}

// hostWith is the root of a host that has these files.
func hostWith(t *testing.T, files ...string) string {
	t.Helper()
	root := t.TempDir()
	for _, file := range files {
		at := filepath.Join(root, file)
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(file, "/") {
			if err := os.MkdirAll(at, 0o755); err != nil {
				t.Fatal(err)
			}
		} else if err := os.WriteFile(at, nil, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

const (
	withSystemd = "/run/systemd/system/"
	program     = "/usr/bin/openalgo-install"
)

func TestDailyUnits(t *testing.T) {
	t.Parallel()
	root := hostWith(t, withSystemd, "/etc/systemd/system/", program)
	var calls []string
	s := scheduler{root: root, systemctl: func(_ context.Context, args ...string) error {
		calls = append(calls, strings.Join(args, " "))
		return nil
	}}
	first, second := dailyOf("/opt/openalgo"), dailyOf("/srv/openalgo")
	if first.name() == second.name() {
		t.Error("two directories of one name share a timer")
	}
	files, by, err := s.set(t.Context(), first)
	if err != nil || by != "systemd" || len(files) != 3 {
		t.Fatal(files, by, err)
	}
	for _, file := range files {
		if !isUnit(file) {
			t.Errorf("%s would not be removed again", file)
		}
	}
	name := first.name()
	if want := []string{"daemon-reload", "enable " + name + "-recover.service", "enable --now " + name + ".timer"}; !slices.Equal(calls, want) {
		t.Errorf("%v, want %v", calls, want)
	}
	timer, _ := os.ReadFile(filepath.Join(root, systemdUnits, name+".timer"))
	if !strings.Contains(string(timer), "OnCalendar=*-*-* 21:00:00 UTC\n") { // 02:30 IST
		t.Errorf("%s", timer)
	}
	service, _ := os.ReadFile(filepath.Join(root, systemdUnits, name+".service"))
	for _, want := range []string{"Environment=DOCKER_HOST=unix:///run/second.sock\n", "Environment=HOME=/root\n", "TimeoutStartSec=", "After=docker.service podman.socket\n"} {
		if !strings.Contains(string(service), want) {
			t.Errorf("no %q in\n%s", want, service)
		}
	}
	verifyUnits(t, dailyOf("/opt/openalgo"))

	// The host takes no more: what was there stays, and works.
	later := first
	later.At = later.At.Add(time.Hour)
	s.systemctl = func(_ context.Context, args ...string) error {
		if args[0] == "enable" {
			return errors.New("no")
		}
		return nil
	}
	if _, _, err := s.set(t.Context(), later); err == nil {
		t.Error("taken")
	}
	if now, _ := os.ReadFile(filepath.Join(root, systemdUnits, name+".timer")); string(now) != string(timer) {
		t.Errorf("the previous timer is gone:\n%s", now)
	}
}

// verifyUnits has systemd judge the units, where there is one.
func verifyUnits(t *testing.T, job Job) {
	t.Helper()
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		return
	}
	job.Backup[0], job.Recover[0] = "/bin/true", "/bin/true" // a program that is there
	args, dir := []string{"verify", "--man=no"}, t.TempDir()
	for _, unit := range job.units() {
		at := filepath.Join(dir, filepath.Base(unit.path))
		if err := os.WriteFile(at, []byte(unit.text), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, at)
	}
	if out, err := exec.Command("systemd-analyze", args...).CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("%v: %s", err, out)
	}
}

func TestDailyTable(t *testing.T) {
	t.Parallel()
	d := dailyOf("/opt/openalgo")
	s := scheduler{root: hostWith(t, "/usr/sbin/cron", "/etc/cron.d/", program)}
	files, by, err := s.set(t.Context(), d)
	if err != nil || by != "cron" || len(files) != 1 || !isUnit(files[0]) {
		t.Fatal(files, by, err)
	}
	text, _ := os.ReadFile(filepath.Join(s.root, files[0]))
	at := d.At.Local()
	for _, want := range []string{
		at.Format("\n4 15 * * * root ") + program + " backup --dir=/opt/openalgo", "\n@reboot root " + program + " recover --dir=/opt/openalgo ",
		"\nDOCKER_HOST=unix:///run/second.sock\n", ">/var/log/openalgo-backup-",
	} {
		want = strings.Replace(want, "4 15", at.Format("4 15"), 1)
		if !strings.Contains(strings.ReplaceAll(string(text), "\n0", "\n"), strings.ReplaceAll(want, "\n0", "\n")) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	for name, files := range map[string][]string{"nothing": {}, "busybox": {"/bin/busybox", "/usr/sbin/", "/etc/cron.d/"}} {
		s := scheduler{root: hostWith(t, files...)}
		if name == "busybox" {
			if err := os.Symlink("/bin/busybox", filepath.Join(s.root, "/usr/sbin/crond")); err != nil {
				t.Fatal(err)
			}
		}
		if _, _, err := s.set(t.Context(), d); finding.KindOf(err) != finding.HostNotReady {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestEngineEnvironment(t *testing.T) {
	t.Parallel()
	for endpoint, want := range map[string][]string{
		"ssh://me@vps":                   {"HOME=/root", "DOCKER_CONTEXT=second"},
		"unix:///run/podman/podman.sock": {"HOME=/root", "DOCKER_HOST=unix:///run/podman/podman.sock"}, // whatever the context is by then
	} {
		got, err := EngineEnvironment(func(name string) string {
			return map[string]string{"HOME": "/root", "DOCKER_CONTEXT": "second", "BROKER_API_KEY": "secret"}[name]
		}, endpoint)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %v, %v", endpoint, got, err)
		}
	}
	for _, host := range []string{"tcp://me:secret@10.0.0.1:2376", "unix:///run/a b"} {
		if _, err := EngineEnvironment(func(name string) string { return map[string]string{"DOCKER_HOST": host}[name] }, host); finding.KindOf(err) != finding.Usage || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", host, err)
		}
	}
}

// TestDailyIdle wants each way in which the host makes no backup to be told.
func TestDailyIdle(t *testing.T) {
	t.Parallel()
	const dir = "/opt/openalgo"
	for want, spoil := range map[string]func(s *scheduler, table string){
		"":                 func(*scheduler, string) {},
		"is gone":          func(_ *scheduler, table string) { _ = os.Remove(table) },
		"no longer exists": func(s *scheduler, _ string) { _ = os.Remove(filepath.Join(s.root, program)) },
		"no cron":          func(s *scheduler, _ string) { _ = os.Remove(filepath.Join(s.root, "/usr/sbin/cron")) },
		"another instance": func(_ *scheduler, table string) {
			_ = os.WriteFile(table, []byte(dailyOf("/srv/openalgo").table().text), 0o600)
		},
	} {
		s := scheduler{root: hostWith(t, "/usr/sbin/cron", "/etc/cron.d/", program)}
		files, _, err := s.set(t.Context(), dailyOf(dir))
		if err != nil {
			t.Fatal(err)
		}
		spoil(&s, filepath.Join(s.root, files[0]))
		d := &Daily{Clock: "02:30", Files: files}
		if got := s.idle(t.Context(), d, dir); want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("%q: %q", want, got)
		}
	}
	s := scheduler{root: hostWith(t, withSystemd, "/etc/systemd/system/", program), systemctl: func(context.Context, ...string) error { return nil }}
	files, _, err := s.set(t.Context(), dailyOf(dir))
	if err != nil {
		t.Fatal(err)
	}
	d := &Daily{Clock: "02:30", Files: files}
	if got := s.idle(t.Context(), d, dir); got != "" {
		t.Error(got)
	}
	s.systemctl = func(context.Context, ...string) error { return errors.New("disabled") }
	if got := s.idle(t.Context(), d, dir); !strings.Contains(got, "is disabled") {
		t.Error(got)
	}
}

func TestDailyOverdue(t *testing.T) {
	t.Parallel()
	now := time.Now()
	ago := func(hours int) time.Time { return now.Add(-time.Duration(hours) * time.Hour) }
	for name, c := range map[string]struct {
		set  time.Time
		last *backup.Last
		want string
	}{
		"just set":             {ago(3), nil, ""},
		"never happened":       {ago(30), nil, "there is none yet"},
		"made":                 {ago(100), &backup.Last{At: ago(3), OK: true}, ""},
		"missed":               {ago(100), &backup.Last{At: ago(30), OK: true}, "the last good one is of"},
		"failed":               {ago(100), &backup.Last{At: ago(3), Message: "no room", LastGood: ago(27)}, "failed: no room"},
		"failed before":        {ago(2), &backup.Last{At: ago(3), Message: "no room"}, ""},
		"an older release's":   {time.Time{}, nil, "there is none yet"},
		"older and a good one": {time.Time{}, &backup.Last{At: ago(3), OK: true}, ""},
	} {
		d := &Daily{Clock: "02:30", Files: []string{"x"}, Set: c.set}
		if got := d.overdue(c.last, now); c.want == "" && got != "" || !strings.Contains(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestOnlyUnitsOfADailyBackup(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]bool{
		"/etc/cron.d/openalgo-backup-openalgo":                   true,
		"/etc/systemd/system/openalgo-backup-openalgo.service":   true,
		"/etc/systemd/system/openalgo-backup-opt-openalgo.timer": true,
		"/etc/passwd": false,
		"/etc/cron.d/openalgo-backup-x/../anacron": false,
		"/etc/systemd/system/sshd.service":         false,
		"etc/cron.d/openalgo-backup-x":             false,
	} {
		if got := isUnit(path); got != want {
			t.Errorf("%s: %v", path, got)
		}
	}
}

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

	"github.com/marketcalls/openalgo-install/internal/finding"
)

func watchJob() WatchJob {
	return WatchJob{Command: []string{program, "watch", "run", "--preopen=08:45"}, Env: []string{"XDG_STATE_HOME=/state"}, PreOpen: "08:45"}
}

func noWarning(t *testing.T) func(*finding.Error) {
	return func(e *finding.Error) { t.Errorf("a warning: %v", e) }
}

func TestWatchBySystemd(t *testing.T) {
	t.Parallel()
	root := hostWith(t, withSystemd, "/etc/systemd/system/", program)
	var calls []string
	s := userScheduler{scheduler: scheduler{root: root, systemctl: func(_ context.Context, args ...string) error {
		calls = append(calls, strings.Join(args, " "))
		return nil
	}}}
	if s.watch(t.Context()) != nil {
		t.Error("a watch is on that nobody set up")
	}
	by, err := s.setWatch(t.Context(), watchJob(), noWarning(t))
	if err != nil || by != "systemd" || !slices.Contains(calls, "enable --now openalgo-watch.timer") {
		t.Fatal(by, err, calls)
	}
	timer, _ := os.ReadFile(filepath.Join(root, systemdUnits, "openalgo-watch.timer"))
	if text := string(timer); !strings.Contains(text, "OnCalendar=*:0/2\n") || !strings.Contains(text, "OnCalendar=*-*-* 03:15:05 UTC\n") {
		t.Errorf("%s", text)
	}
	on := s.watch(t.Context())
	if on == nil || on.By != "systemd" || on.PreOpen != "08:45" || on.Problem != "" || on.Program != program {
		t.Errorf("%+v", on)
	}
	if err := os.Remove(filepath.Join(root, program)); err != nil {
		t.Fatal(err)
	}
	if on := s.watch(t.Context()); on == nil || !strings.Contains(on.Problem, "no longer exists") {
		t.Errorf("%+v", on)
	}
	if was, err := s.removeWatch(t.Context()); err != nil || !was || !slices.Contains(calls, "disable --now openalgo-watch.timer") {
		t.Error(was, err, calls)
	}
	if left, _ := filepath.Glob(filepath.Join(root, systemdUnits, "*")); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
	if was, err := s.removeWatch(t.Context()); err != nil || was {
		t.Error("there was a watch to end", err)
	}
}

func TestWatchByCron(t *testing.T) {
	t.Parallel()
	root := hostWith(t, "/usr/sbin/cron", "/etc/cron.d/", program)
	s := userScheduler{scheduler: scheduler{root: root}}
	if by, err := s.setWatch(t.Context(), watchJob(), noWarning(t)); err != nil || by != "cron" {
		t.Fatal(by, err)
	}
	text, _ := os.ReadFile(filepath.Join(root, watchTable))
	for _, want := range []string{"*/2 * * * * root " + program + " watch run --preopen=08:45 >", "@reboot root ", "XDG_STATE_HOME=/state\n"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if on := s.watch(t.Context()); on == nil || on.By != "cron" || on.Problem != "" {
		t.Errorf("%+v", on)
	}
	if was, err := s.removeWatch(t.Context()); err != nil || !was || s.watch(t.Context()) != nil {
		t.Error(was, err)
	}
	bare := userScheduler{scheduler: scheduler{root: hostWith(t, "/sbin/init")}}
	if _, err := bare.setWatch(t.Context(), watchJob(), nil); finding.IDOf(err) != "scheduler-missing" || !strings.Contains(err.Error(), "watch run") {
		t.Error(err)
	}
}

// Without root it is the user's own, and what else is in the crontab stays.
func TestWatchOfAUser(t *testing.T) {
	t.Parallel()
	root := hostWith(t, program)
	table := "MAILTO=me\n0 1 * * * other"
	s := userScheduler{user: true, userUnits: unitsOfUser, hasSystemd: func() bool { return false }, scheduler: scheduler{root: root},
		crontab: func(_ context.Context, stdin string, args ...string) (string, error) {
			if args[0] == "-" {
				table = stdin
			}
			return table, nil
		}}
	for range 2 { // the second one replaces the first
		if by, err := s.setWatch(t.Context(), watchJob(), noWarning(t)); err != nil || by != byCrontab {
			t.Fatal(by, err)
		}
	}
	if strings.Count(table, watchMade) != 3 || !strings.HasPrefix(table, "MAILTO=me\n0 1 * * * other\n*/2 * * * * XDG_STATE_HOME=/state "+program) {
		t.Errorf("%s", table)
	}
	if on := s.watch(t.Context()); on == nil || on.By != byCrontab || on.PreOpen != "08:45" || on.Problem != "" {
		t.Errorf("%+v", on)
	}
	if was, err := s.removeWatch(t.Context()); err != nil || !was || table != "MAILTO=me\n0 1 * * * other\n" {
		t.Errorf("%v, %v: %q", was, err, table)
	}
	s.crontab = func(context.Context, string, ...string) (string, error) { return "", exec.ErrNotFound }
	if _, err := s.setWatch(t.Context(), watchJob(), nil); finding.IDOf(err) != "scheduler-missing" {
		t.Error(err)
	}
	systemd := userScheduler{user: true, crontab: s.crontab, userUnits: unitsOfUser, hasSystemd: func() bool { return true }, scheduler: scheduler{root: hostWith(t, withSystemd, program), systemctl: func(context.Context, ...string) error { return nil }}}
	if by, err := systemd.setWatch(t.Context(), watchJob(), func(*finding.Error) {}); err != nil || by != "systemd" {
		t.Fatal(by, err)
	}
	if on := systemd.watch(t.Context()); on == nil || !strings.Contains(on.Problem, "enable-linger") {
		t.Errorf("%+v", on)
	}
}

// What the scheduler would take for something else is refused, and a timer that cannot
// be enabled leaves nothing.
func TestWatchThatCannotBe(t *testing.T) {
	t.Parallel()
	root := hostWith(t, withSystemd, "/etc/systemd/system/", program)
	s := userScheduler{scheduler: scheduler{root: root, systemctl: func(_ context.Context, args ...string) error {
		if args[0] == "enable" {
			return errors.New("no")
		}
		return nil
	}}}
	if _, err := s.setWatch(t.Context(), watchJob(), nil); finding.IDOf(err) != "schedule-failed" {
		t.Error(err)
	}
	if left, _ := filepath.Glob(filepath.Join(root, systemdUnits, "*")); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
	bad, injected := watchJob(), watchJob()
	bad.Command = append(bad.Command, "--dir=/opt/a b")
	injected.Env = append(injected.Env, "XDG_STATE_HOME=/a\n* * * * * root id")
	for _, job := range []WatchJob{bad, injected} {
		if _, err := s.setWatch(t.Context(), job, nil); finding.IDOf(err) != "schedule-unusable" {
			t.Error(err)
		}
	}
}

// A crontab that cannot be read is not written: its lines would be lost.
func TestACrontabThatCannotBeRead(t *testing.T) {
	t.Parallel()
	for said, want := range map[string]string{"no crontab for me": "", "cannot allocate memory": "schedule-failed"} {
		wrote := false
		s := userScheduler{user: true, hasSystemd: func() bool { return false }, scheduler: scheduler{root: hostWith(t, program)},
			crontab: func(_ context.Context, _ string, args ...string) (string, error) {
				if args[0] == "-l" {
					return "", errors.New("crontab -l: exit status 1: " + said)
				}
				wrote = true
				return "", nil
			}}
		if _, err := s.setWatch(t.Context(), watchJob(), nil); finding.IDOf(err) != want || wrote != (want == "") {
			t.Errorf("%s: wrote %v, %v", said, wrote, err)
		}
	}
}

// systemd takes the units as they are, where there is one to ask.
func TestWatchUnits(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		t.Skip("there is no systemd-analyze")
	}
	job := watchJob()
	job.Command[0] = "/bin/true"
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

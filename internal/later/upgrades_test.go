package later

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/finding"
)

func upgradesOf(dir string) UpgradeJob {
	return UpgradeJob{Dir: dir, Env: []string{"HOME=/root"}, Command: []string{program, "upgrade", "--due", "--dir=" + dir}}
}

func TestUpgradesByTheMachine(t *testing.T) {
	t.Parallel()
	const dir = "/opt/open algo"
	for by, root := range map[string]string{
		"systemd": hostWith(t, withSystemd, "/etc/systemd/system/", program),
		"cron":    hostWith(t, "/usr/sbin/cron", "/etc/cron.d/", program),
	} {
		s := scheduler{root: root, systemctl: func(context.Context, ...string) error { return nil }}
		job := upgradesOf("/opt/openalgo")
		if got, err := s.setUpgrades(t.Context(), job, ""); got != by || err != nil {
			t.Errorf("%s: %s, %v", by, got, err)
		}
		timer, service, table := upgradesFiles(job.Dir, systemdUnits)
		for file, want := range map[string]string{timer: "OnCalendar=*:0/30\n", service: "ExecStart=" + program + " upgrade --due --dir=/opt/openalgo\n", table: "*/30 * * * * root " + program} {
			text, err := os.ReadFile(filepath.Join(root, file))
			if isHere := (file == table) == (by == "cron"); isHere != (err == nil) || isHere && !strings.Contains(string(text), want) {
				t.Errorf("%s: %s: %v\n%s", by, file, err, text)
			}
		}
		if why := s.upgradesProblem(t.Context(), job.Dir, systemdUnits); why != "" {
			t.Errorf("%s: %s", by, why)
		}
		if by == "systemd" {
			off := scheduler{root: root, systemctl: func(context.Context, ...string) error { return errors.New("disabled") }}
			if off.upgradesProblem(t.Context(), job.Dir, systemdUnits) == "" {
				t.Error("a timer that is disabled")
			}
			verifyUpgradeUnits(t, job)
		}
		for _, want := range []bool{true, false} {
			if why := s.upgradesProblem(t.Context(), job.Dir, systemdUnits); (why == "") != want {
				t.Errorf("%s: %q", by, why)
			}
			if was, err := s.removeUpgrades(t.Context(), job.Dir, systemdUnits); was != want || err != nil {
				t.Errorf("%s: %v, %v", by, was, err)
			}
		}
		if _, err := s.setUpgrades(t.Context(), upgradesOf(dir), ""); finding.KindOf(err) != finding.Usage {
			t.Errorf("%s: %v", by, err)
		}
	}
	s := scheduler{root: hostWith(t, program)}
	if _, err := s.setUpgrades(t.Context(), upgradesOf("/opt/openalgo"), ""); finding.KindOf(err) != finding.HostNotReady {
		t.Error(err)
	}
}

// verifyUpgradeUnits has systemd judge the units, where there is one.
func verifyUpgradeUnits(t *testing.T, job UpgradeJob) {
	t.Helper()
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		return
	}
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

func TestUpgradesName(t *testing.T) {
	t.Parallel()
	if a, b := upgradesName("/opt/openalgo"), upgradesName("/srv/openalgo"); a == b || strings.Contains(upgradesName("/opt/a b/../c\n"), "\n") {
		t.Error(a, b)
	}
}

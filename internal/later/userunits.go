package later

import (
	"context"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/host"
	"github.com/marketcalls/openalgo-install/internal/userns"
)

// UserTimers reports whether systemd runs timers for the user who runs this.
func UserTimers() bool {
	return isSocket(filepath.Join(runtimeDir(), "systemd/private")) || isSocket(filepath.Join(runtimeDir(), "bus"))
}

func isSocket(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode()&os.ModeSocket != 0
}

// runtimeDir is where a user's systemd listens: su and sudo leave the variable out.
func runtimeDir() string {
	if dir := os.Getenv("XDG_RUNTIME_DIR"); dir != "" {
		return dir
	}
	return "/run/user/" + strconv.Itoa(userns.User())
}

// userUnits is where a user keeps units. XDG_CONFIG_HOME of a shell is not that of the
// user's systemd, so it does not count. "" for the machine's root, whose units are the
// machine's.
func userUnits() string {
	if userns.IsRoot() {
		return ""
	}
	home, err := os.UserHomeDir()
	if u, looked := user.LookupId(strconv.Itoa(userns.User())); looked == nil && u.HomeDir != "" {
		home, err = u.HomeDir, nil
	}
	if err != nil || !filepath.IsAbs(home) {
		return ""
	}
	return filepath.Join(home, ".config/systemd/user")
}

// isUserUnit reports whether a file is of a daily backup that the systemd of a user runs,
// whose units are in dir.
func isUserUnit(path, dir string) bool {
	return dir != "" && filepath.Dir(path) == dir && backupUnits.MatchString(filepath.Join(systemdUnits, filepath.Base(path)))
}

// isUsers reports whether a user's own systemd runs it.
func (d *Daily) isUsers() bool {
	return slices.ContainsFunc(d.Files, func(file string) bool { return !strings.HasPrefix(file, "/etc/") })
}

// setUser gives a schedule to the systemd of the user who runs this.
func (s scheduler) setUser(ctx context.Context, d Job) (files []string, err error) {
	if d.userUnits == "" {
		return nil, ByHand(d)
	}
	if files, err = s.placeForUser(ctx, d.userUnits, d.units()); err != nil {
		return nil, finding.Named(finding.Failed, "schedule-failed", "%w\n\nYour own crontab can run the backup.", err).With(d.crontab()...).Ending("The previous schedule was not changed.")
	}
	return files, nil
}

// placeForUser gives units to the systemd of the user, which reads them in a directory.
func (s scheduler) placeForUser(ctx context.Context, dir string, units []hostFile) (files []string, err error) {
	if err = os.MkdirAll(filepath.Join(s.root, dir), 0o755); err == nil {
		files, err = s.place(ctx, units)
	}
	if err != nil {
		err = finding.Named(finding.Failed, "schedule-failed", "setting up the timer of your systemd: %w", err)
	}
	return files, err
}

// lingers reports, below a root, whether systemd runs what the user has while nobody is
// logged in.
func lingers(root string) bool {
	name := strconv.Itoa(userns.User())
	if u, err := user.LookupId(name); err == nil {
		name = u.Username
	}
	_, err := os.Stat(filepath.Join(root, "/var/lib/systemd/linger", name))
	return err == nil
}

func noLinger() *finding.Error {
	return finding.Warn("schedule-needs-login", "the daily backup runs only while you are logged in. Let it run without a login").
		With(finding.Shell("", "sudo loginctl enable-linger $USER"))
}

// userSystemctl asks the systemd of the user.
func userSystemctl(ctx context.Context, args ...string) error {
	cmd := host.Command(ctx, "systemctl", append([]string{"--user"}, args...)...)
	if cmd.Env == nil {
		cmd.Env = os.Environ()
	}
	cmd.Env = append(cmd.Env, "XDG_RUNTIME_DIR="+runtimeDir())
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("systemctl --user %s: %w: %s", args[0], err, strings.TrimSpace(string(out)))
	}
	return nil
}

package hostcare

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/host"
)

// tcp is /proc/net/tcp with sockets at addresses that the kernel writes like this.
func tcp(addresses ...string) string {
	text := "  sl  local_address rem_address   st tx_queue\n"
	for n, address := range addresses {
		text += fmt.Sprintf("   %d: %s 00000000:0000 0A 00000000:00000000\n", n, address)
	}
	return text
}

const (
	everywhere22   = "00000000:0016"
	everywhere3306 = "00000000:0CEA"
	everywhere80   = "00000000:0050"
	local6379      = "0100007F:18EB"
)

// machine is one with these files: a link's text begins with ->.
func machine(t *testing.T, id string, files map[string]string) View {
	t.Helper()
	v := View{
		Root: t.TempDir(), OS: host.OS{ID: id}, IsRoot: true,
		Run:       func(context.Context, string, ...string) (string, error) { return "", errors.New("not here") },
		Unguarded: func(_ context.Context, ports []int) []int { return ports },
		Holder:    func(context.Context, int) string { return "" },
	}
	for name, text := range files {
		at := filepath.Join(v.Root, name)
		err := os.MkdirAll(filepath.Dir(at), 0o755)
		if to, isLink := strings.CutPrefix(text, "->"); isLink {
			err = errors.Join(err, os.Symlink(to, at))
		} else {
			err = errors.Join(err, os.WriteFile(at, []byte(text), 0o600))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return v
}

// found are the names of what is wrong, and of what is well with a + before it.
func found(all []Result) (out []string) {
	for _, r := range all {
		if r.Found == nil {
			out = append(out, "+"+r.Check)
			continue
		}
		out = append(out, finding.IDOf(r.Found))
	}
	return out
}

func TestPasswords(t *testing.T) {
	t.Parallel()
	const include = "# a comment\nInclude /etc/ssh/sshd_config.d/*.conf\n"
	for name, c := range map[string]struct {
		files map[string]string
		want  string
		says  string
	}{
		"no server":            {map[string]string{"/usr/sbin/sshd": "-"}, "", ""},
		"as it is shipped":     {map[string]string{"/etc/ssh/sshd_config": ""}, "ssh-passwords", "PasswordAuthentication no"},
		"keys only":            {map[string]string{"/etc/ssh/sshd_config": "PasswordAuthentication no\nKbdInteractiveAuthentication no\nUsePAM yes\n"}, "+ssh", ""},
		"through PAM":          {map[string]string{"/etc/ssh/sshd_config": "PasswordAuthentication no\nUsePAM yes\n"}, "ssh-passwords", ""},
		"an older name":        {map[string]string{"/etc/ssh/sshd_config": "PasswordAuthentication no\nChallengeResponseAuthentication no\nUsePAM yes\n"}, "+ssh", ""},
		"the first counts":     {map[string]string{"/etc/ssh/sshd_config": include + "PasswordAuthentication no\n", "/etc/ssh/sshd_config.d/50-cloud-init.conf": "PasswordAuthentication yes\n"}, "ssh-passwords", "00-keys-only.conf"},
		"a file before":        {map[string]string{"/etc/ssh/sshd_config": include, "/etc/ssh/sshd_config.d/50-cloud-init.conf": "PasswordAuthentication yes\n", "/etc/ssh/sshd_config.d/00-keys-only.conf": "PasswordAuthentication no\n"}, "+ssh", ""},
		"for some only":        {map[string]string{"/etc/ssh/sshd_config": "Match User backup\nPasswordAuthentication no\n"}, "ssh-passwords", ""},
		"an include of itself": {map[string]string{"/etc/ssh/sshd_config": "Include sshd_config\nPasswordAuthentication no\n"}, "+ssh", ""},
		"root, too":            {map[string]string{"/etc/ssh/sshd_config": "PermitRootLogin yes\n"}, "ssh-passwords", "even for root"},
		"equals signs":         {map[string]string{"/etc/ssh/sshd_config": "passwordauthentication = \"no\"\n"}, "+ssh", ""},
		"a key and a password": {map[string]string{"/etc/ssh/sshd_config": "AuthenticationMethods publickey,password\n"}, "+ssh", ""},
		"loopback only":        {map[string]string{"/etc/ssh/sshd_config": "", "/proc/net/tcp": tcp("0100007F:0016")}, "", ""},
		"another port":         {map[string]string{"/etc/ssh/sshd_config": "Port 22\nPort 2222\n", "/proc/net/tcp": tcp("00000000:08AE")}, "ssh-passwords", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files := map[string]string{"/usr/sbin/sshd": "", "/proc/net/tcp": tcp(everywhere22)}
			maps.Copy(files, c.files)
			if files["/usr/sbin/sshd"] == "-" {
				delete(files, "/usr/sbin/sshd")
			}
			v := machine(t, "ubuntu", files)
			got := v.passwords(v.sshd(t.Context()))
			switch {
			case got == nil:
				if c.want != "" {
					t.Errorf("nothing, not %s", c.want)
				}
			case found([]Result{*got})[0] != c.want:
				t.Errorf("%v, not %q", found([]Result{*got}), c.want)
			case got.Found != nil && !strings.Contains(finding.Prompt{}.Text(got.Found), c.says):
				t.Errorf("no %q in %s", c.says, finding.Prompt{}.Text(got.Found))
			}
		})
	}
}

// What the server says of itself counts before its files.
func TestPasswordsAsked(t *testing.T) {
	t.Parallel()
	v := machine(t, "fedora", map[string]string{"/usr/sbin/sshd": "", "/etc/ssh/sshd_config": "", "/proc/net/tcp6": tcp("00000000000000000000000000000000:0016")})
	v.Run = func(_ context.Context, program string, args ...string) (string, error) {
		return "port 22\npasswordauthentication no\nkbdinteractiveauthentication no\nusepam yes\nauthenticationmethods any\n", nil
	}
	if got := v.passwords(v.sshd(t.Context())); got == nil || got.Found != nil {
		t.Errorf("%+v", got)
	}
}

// An endless number of includes ends.
func TestIncludesAreBounded(t *testing.T) {
	t.Parallel()
	files := map[string]string{"/usr/sbin/sshd": "", "/etc/ssh/sshd_config": "Include d/*\n"}
	for n := range 100 {
		files[fmt.Sprintf("/etc/ssh/d/%02d", n)] = "Include d/*\n"
	}
	s := machine(t, "debian", files).sshd(t.Context())
	if !s.takesPasswords() {
		t.Errorf("%v", s)
	}
}

func TestUpdates(t *testing.T) {
	t.Parallel()
	const conf = "/etc/apt/apt.conf.d/20auto-upgrades"
	on := "APT::Periodic::Update-Package-Lists \"1\";\nAPT::Periodic::Unattended-Upgrade \"1\";\n"
	for name, c := range map[string]struct {
		id    string
		files map[string]string
		want  string
	}{
		"ubuntu":           {"ubuntu", map[string]string{"/usr/bin/unattended-upgrade": "", conf: on}, "+updates"},
		"no package":       {"debian", map[string]string{conf: on}, "updates-by-hand"},
		"not switched on":  {"debian", map[string]string{"/usr/bin/unattended-upgrade": ""}, "updates-by-hand"},
		"the last counts":  {"debian", map[string]string{"/usr/bin/unattended-upgrade": "", conf: on, "/etc/apt/apt.conf.d/99off": `APT::Periodic::Unattended-Upgrade "0";`}, "updates-by-hand"},
		"the timer is off": {"debian", map[string]string{"/usr/bin/unattended-upgrade": "", conf: on, "/etc/systemd/system/apt-daily-upgrade.timer": "->/dev/null"}, "updates-by-hand"},
		"fedora":           {"fedora", nil, "updates-by-hand"},
		"dnf installs":     {"rhel", map[string]string{"/etc/systemd/system/timers.target.wants/dnf-automatic-install.timer": ""}, "+updates"},
		"dnf only tells":   {"rhel", map[string]string{"/etc/systemd/system/timers.target.wants/dnf-automatic.timer": "", "/etc/dnf/automatic.conf": "apply_updates = no\n"}, "updates-by-hand"},
		"dnf5":             {"fedora", map[string]string{"/etc/systemd/system/timers.target.wants/dnf5-automatic.timer": "", "/etc/dnf/automatic.conf": "[commands]\napply_updates=yes\n"}, "+updates"},
		"another system":   {"alpine", nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := machine(t, c.id, c.files).updates()
			if c.want == "" && got != nil || c.want != "" && (got == nil || found([]Result{*got})[0] != c.want) {
				t.Errorf("%+v, not %q", got, c.want)
			}
		})
	}
}

func TestFirewall(t *testing.T) {
	t.Parallel()
	v := machine(t, "debian", map[string]string{
		"/proc/net/tcp":  tcp(everywhere22, everywhere80, everywhere3306, local6379, "00000000:1388"),
		"/proc/net/tcp6": tcp("00000000000000000000000001000000:1F90", "0000000000000000FFFF00000100007F:1F91", "00000000000000000000000000000000:0CEA"),
	})
	v.Holder = func(_ context.Context, port int) string {
		return map[int]string{3306: "mysqld", 5000: "docker-proxy"}[port]
	}
	got := v.firewall(t.Context(), nil)
	if got == nil || finding.IDOf(got.Found) != "firewall-off" || !strings.HasPrefix(got.Found.Error(), "port 3306 (mysqld) is open") {
		t.Errorf("%+v", got)
	}
	v.Unguarded = func(context.Context, []int) []int { return nil }
	if got := v.firewall(t.Context(), nil); got == nil || got.Found != nil {
		t.Errorf("guarded: %+v", got)
	}
	v.IsRoot = false
	if got := v.firewall(t.Context(), nil); got != nil {
		t.Errorf("without root: %+v", got)
	}
}

func TestReboot(t *testing.T) {
	t.Parallel()
	v := machine(t, "ubuntu", map[string]string{"/run/reboot-required": "*** System restart required ***\n", "/run/reboot-required.pkgs": "linux-image-6.8.0-50-generic\nlinux-base\nlinux-base\n"})
	if got := v.reboot(t.Context()); got == nil || finding.IDOf(got.Found) != "reboot-required" || !strings.Contains(got.Found.Error(), "(linux-image-6.8.0-50-generic, linux-base)") {
		t.Errorf("%+v", got)
	}
	v = machine(t, "rhel", map[string]string{"/usr/bin/needs-restarting": ""})
	for said, want := range map[string]bool{"Core libraries or services have been updated\nReboot is required to fully utilize these updates.\n": true, "": false} {
		v.Run = func(context.Context, string, ...string) (string, error) { return said, errors.New("exit status 1") }
		if got := v.reboot(t.Context()); (got != nil) != want {
			t.Errorf("%q: %+v", said, got)
		}
	}
}

// A machine that is well has nothing to be warned of.
func TestLook(t *testing.T) {
	t.Parallel()
	v := machine(t, "ubuntu", map[string]string{
		"/usr/sbin/sshd": "", "/etc/ssh/sshd_config": "PasswordAuthentication no\n", "/proc/net/tcp": tcp(everywhere22, everywhere80),
		"/usr/bin/unattended-upgrade": "", "/etc/apt/apt.conf.d/20auto-upgrades": "APT::Periodic::Unattended-Upgrade \"1\";",
	})
	if got, want := found(v.Look(t.Context())), []string{"+ssh", "+updates", "+world"}; !slices.Equal(got, want) {
		t.Errorf("%q, not %q", got, want)
	}
}

package hostcare

import (
	"context"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/finding"
)

// updates reports whether security updates are installed automatically; nil on a system
// where that is not known.
func (v View) updates() *Result {
	var on bool
	var install []string
	switch {
	case v.OS.Is("debian", "ubuntu"):
		on = v.exists("/usr/bin/unattended-upgrade") && v.aptUpgrades() && !v.masked("apt-daily-upgrade.timer")
		install = []string{"sudo apt-get install unattended-upgrades", "sudo dpkg-reconfigure -plow unattended-upgrades"}
	case v.OS.Is("fedora", "rhel", "centos", "amzn"):
		on = v.enabled("dnf-automatic-install.timer") || v.enabled("dnf-automatic.timer", "dnf5-automatic.timer") && v.dnfApplies()
		install = []string{"sudo dnf install dnf-automatic", "sudo systemctl enable --now dnf-automatic-install.timer"}
		if v.exists("/usr/bin/dnf5") {
			install = []string{"sudo dnf install dnf5-plugin-automatic", `printf '[commands]\napply_updates = yes\nupgrade_type = security\n' | sudo tee /etc/dnf/automatic.conf`,
				"sudo systemctl enable --now dnf5-automatic.timer"}
		}
	default:
		return nil
	}
	if on {
		return &Result{Check: "updates", Text: "this machine installs security updates automatically"}
	}
	return &Result{Check: "updates", Found: finding.Warn("updates-by-hand", "this machine does not install security updates automatically").With(finding.Hint{Shell: install})}
}

// mostConfs bounds the files of a configuration directory.
const mostConfs = 256

// aptUpgrades reads APT::Periodic::Unattended-Upgrade: the last one is in force.
func (v View) aptUpgrades() (on bool) {
	files, _ := filepath.Glob(v.path("/etc/apt/apt.conf.d/*"))
	slices.Sort(files)
	files = append(files[:min(len(files), mostConfs)], v.path("/etc/apt/apt.conf"))
	for _, file := range files {
		for _, line := range lines(v.read(strings.TrimPrefix(file, strings.TrimSuffix(v.Root, "/")))) {
			rest, found := strings.CutPrefix(line, "APT::Periodic::Unattended-Upgrade ")
			if !found {
				continue
			}
			value := strings.Trim(rest, ` ";`)
			days, err := strconv.Atoi(value)
			on = err == nil && days > 0 || value == "always" || err != nil && value != ""
		}
	}
	return on
}

// dnfApplies reads whether dnf installs what it finds.
func (v View) dnfApplies() (on bool) {
	for _, line := range lines(v.read("/etc/dnf/automatic.conf")) {
		name, value, _ := strings.Cut(line, "=")
		if strings.TrimSpace(name) == "apply_updates" {
			value = strings.ToLower(strings.TrimSpace(value))
			on = value == "yes" || value == "true" || value == "1"
		}
	}
	return on
}

// reboot is whether an update waits for a restart of the machine.
func (v View) reboot(ctx context.Context) *Result {
	waits, why := v.exists("/run/reboot-required"), ""
	for _, name := range lines(v.read("/run/reboot-required.pkgs")) {
		if !strings.Contains(why, name) && len(why) < 200 {
			why = strings.TrimPrefix(why+", "+name, ", ")
		}
	}
	if !waits && v.IsRoot && v.exists("/usr/bin/needs-restarting") {
		// It ends with 1 for a machine that must restart, and says so.
		text, err := v.Run(ctx, "/usr/bin/needs-restarting", "-r")
		waits = err != nil && strings.Contains(strings.ToLower(text), "reboot is required")
	}
	if !waits {
		return nil
	}
	if why != "" {
		why = " (" + why + ")"
	}
	return &Result{Check: "reboot", Found: finding.Warn("reboot-required", "updates%s take effect only after a restart of this machine. OpenAlgo stops meanwhile, so restart while no market is open",
		why).With(finding.Hint{Shell: []string{"sudo reboot"}})}
}

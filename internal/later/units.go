package later

import (
	"crypto/sha256"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/marketcalls/openalgo-install/internal/finding"
)

// Where a machine keeps its schedules. Root's log of them is not in the
// instance's directory, which may belong to another user.
const (
	systemdUnits = "/etc/systemd/system"
	cronTables   = "/etc/cron.d"
	hostLogs     = "/var/log"
)

// Job is what systemd or cron runs: a backup every day, and after a boot
// `recover`, which completes an interrupted one.
type Job struct {
	Dir, Project string
	At           time.Time // the next time
	Backup       []string  // a command
	Recover      []string
	Env          []string // NAME=value
	User         bool     // the user's own systemd runs it: Docker runs without root

	userUnits string // where that reads units
}

// schedule is a job that systemd or cron runs.
type schedule interface {
	units() []hostFile
	table() hostFile
	lines() string // for a scheduler of the user's own: when to run what
}

func (d Job) lines() string {
	return fmt.Sprintf("Or let your own scheduler run this at that time:\n\n    %s\n\nand this after a boot:\n\n    %s", strings.Join(d.Backup, " "), strings.Join(d.Recover, " "))
}

// Check refuses a word that cron or systemd would read as something else.
func (d Job) Check() error {
	for _, word := range slices.Concat(d.Backup, d.Recover) {
		if !plainWord.MatchString(word) {
			return finding.Named(finding.Usage, "schedule-unusable", "--schedule: %q has characters with a special meaning for cron or systemd. Use a path without them", word)
		}
	}
	return nil
}

// hostFile is a unit of systemd, or a cron table.
type hostFile struct {
	path, text string
	enable     bool // a unit that systemd is told to enable
}

// plainWord is what a unit and a cron table both take as it stands.
var plainWord = regexp.MustCompile(`^[A-Za-z0-9_./@:+=,~-]+$`)

// name is that of the files. A project's name alone is not one instance's:
// another directory, or another engine of this machine, may have it, too.
func (d Job) name() string {
	sum := sha256.Sum256([]byte(d.Dir))
	return fmt.Sprintf("openalgo-backup-%s-%x", d.Project, sum[:4])
}

// engineVariables say which engine the backup is made with. HOME is where
// Docker's own configuration is.
var engineVariables = []string{"HOME", "DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CONFIG", "DOCKER_CERT_PATH", "DOCKER_TLS_VERIFY", "DOCKER_API_VERSION", "XDG_RUNTIME_DIR"}

// EngineEnvironment returns those that are set. A file of the host can be read by all its
// users: what may be a secret is refused. An engine of this machine is named by its
// socket, whatever chose it now: a context may be changed, and Podman is no default.
func EngineEnvironment(getenv func(string) string, endpoint string) ([]string, error) {
	var out []string
	isSocket := strings.HasPrefix(endpoint, "unix://")
	for _, name := range engineVariables {
		value := getenv(name)
		if isSocket && name == "DOCKER_HOST" {
			value = endpoint
		}
		if value == "" || isSocket && name == "DOCKER_CONTEXT" {
			continue
		}
		if !plainWord.MatchString(value) {
			return nil, finding.Named(finding.Usage, "schedule-unusable", "--schedule: %s has characters with a special meaning for cron or systemd", name)
		}
		if u, err := url.Parse(value); name == "DOCKER_HOST" && (err != nil || u.User != nil && hasPassword(u)) {
			return nil, finding.Named(finding.Usage, "schedule-unusable", "--schedule: DOCKER_HOST has a password, and every user of this machine could read it in the schedule. Use a Docker context instead")
		}
		out = append(out, name+"="+value)
	}
	return out, nil
}

func hasPassword(u *url.URL) bool {
	_, has := u.User.Password()
	return has
}

const madeBy = "# Made by openalgo-install backup --schedule for "

// units are systemd's. Times are in UTC: a host without tzdata knows no
// Asia/Kolkata. A run that was missed is not made up for, since that may be
// while a market is open; one that takes too long is ended in order, with the
// time to start OpenAlgo again.
func (d Job) units() []hostFile {
	head := madeBy + d.Dir + "\n[Unit]\nDescription=%s of OpenAlgo in " + d.Dir + "\nAfter=docker.service podman.socket\n\n"
	run := "[Service]\n"
	for _, e := range d.Env {
		run += "Environment=" + e + "\n"
	}
	dir, boot := systemdUnits, "multi-user.target"
	if d.User {
		dir, boot = d.userUnits, "default.target"
	}
	at := func(ending string) string { return filepath.Join(dir, d.name()+ending) }
	return []hostFile{
		{path: at(".service"), text: fmt.Sprintf(head, "Backup") + run + "Type=oneshot\nTimeoutStartSec=3h\nNotifyAccess=main\nTimeoutStopSec=15min\nExecStart=" + strings.Join(d.Backup, " ") + "\n"},
		{path: at("-recover.service"), enable: true, text: fmt.Sprintf(head, "Recovery") + run + "Type=simple\nTimeoutStopSec=15min\nExecStart=" + strings.Join(d.Recover, " ") +
			"\n\n[Install]\nWantedBy=" + boot + "\n"},
		{path: at(".timer"), enable: true, text: madeBy + d.Dir + "\n[Unit]\nDescription=Daily backup of OpenAlgo in " + d.Dir +
			"\n\n[Timer]\nOnCalendar=*-*-* " + d.At.UTC().Format("15:04") + ":00 UTC\nPersistent=false\n\n[Install]\nWantedBy=timers.target\n"},
	}
}

// table is cron's, which goes by the host's own clock. What a run says is kept
// until the next one.
func (d Job) table() hostFile {
	at := d.At.Local()
	text := madeBy + d.Dir + "\nPATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n" + strings.Join(append(slices.Clone(d.Env), ""), "\n") +
		fmt.Sprintf("%d %d * * * root %s >%s 2>&1\n", at.Minute(), at.Hour(), strings.Join(d.Backup, " "), d.log()) +
		fmt.Sprintf("@reboot root %s >%s 2>&1\n", strings.Join(d.Recover, " "), strings.TrimSuffix(d.log(), ".log")+"-recover.log")
	return hostFile{path: filepath.Join(cronTables, d.name()), text: text}
}

func (d Job) log() string { return filepath.Join(hostLogs, d.name()+".log") }

// isFor reports whether a host's file is for the instance in a directory: an
// older release gave two of one name the same.
func isFor(text, dir string) bool {
	return strings.Contains(text+" ", "--dir="+dir+" ") || strings.Contains(text, "--dir="+dir+"\n")
}

// programIn returns the program that a unit or cron table runs; "" for none.
func programIn(text string) string {
	for line := range strings.Lines(text) {
		if command, ok := strings.CutPrefix(line, "ExecStart="); ok {
			return strings.Fields(command + " ")[0]
		}
		if _, command, ok := strings.Cut(line, " root "); ok && !strings.HasPrefix(line, "#") {
			return strings.Fields(command + " ")[0]
		}
	}
	return ""
}

// hasSummerTime reports whether the host's clock is changed twice a year.
// India's is not, and so a time of cron's is an hour off for half of it.
func hasSummerTime(zone *time.Location, year int) bool {
	_, winter := time.Date(year, 1, 1, 0, 0, 0, 0, zone).Zone()
	_, summer := time.Date(year, 7, 1, 0, 0, 0, 0, zone).Zone()
	return winter != summer
}

// cronDaemons are those that read cronTables. Busybox's does not.
var cronDaemons = []string{"cron", "crond", "fcron", "cronie"}

const noCron = "no cron is installed"

// cronHere says, below a root, why nothing reads cronTables; "" where a cron does.
func cronHere(root string) string {
	busybox := false
	for _, daemon := range cronDaemons {
		for _, dir := range []string{"/usr/sbin", "/sbin", "/usr/bin", "/bin"} {
			at := filepath.Join(root, dir, daemon)
			if _, err := os.Lstat(at); err != nil {
				continue
			}
			if to, err := os.Readlink(at); err == nil && strings.Contains(filepath.Base(to), "busybox") {
				busybox = true
				continue
			}
			return ""
		}
	}
	if busybox {
		return "cron is from busybox, which does not read " + cronTables
	}
	return noCron
}

// backupUnits are the files that a daily backup has on the host.
var backupUnits = regexp.MustCompile(`^(/etc/systemd/system/openalgo-backup-[^/]+\.(service|timer)|/etc/cron\.d/openalgo-backup-[^/]+)$`)

// isUnit reports whether a file can be one that a daily backup made: the
// record of it stands in the instance's directory, and is acted on as root.
func isUnit(path string) bool {
	return filepath.Clean(path) == path && backupUnits.MatchString(path)
}

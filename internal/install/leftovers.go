package install

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/edge"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/readfile"
)

// leftover is a file that another installer left on the host for an instance.
type leftover struct {
	path string
	what string
	// stays says why it is not removed even on request; "" when it may be.
	stays string
}

// traces tell an instance in a file that another installer wrote.
type traces struct {
	dir    string // its directory
	domain string // "" without one
	web    int    // its port, 0 when it is not known
}

// largeFile is more than any of these files has, in bytes.
const largeFile = 1 << 20

// helperScripts are those of install-docker.sh (docs/openalgo-facts.md 5.1); they
// name the directory that they are for.
var helperScripts = []string{"openalgo-status", "openalgo-restart", "openalgo-logs", "openalgo-backup"}

// leftovers looks below root, which is "/" outside of tests. Every file is
// recognised by what it says of this instance, never by its name alone.
func (t traces) leftovers(root string) []leftover {
	var out []leftover
	for _, name := range helperScripts {
		path := filepath.Join(root, "usr/local/bin", name)
		if text := smallText(path); strings.HasPrefix(text, "#!") && t.namesDir(text) {
			out = append(out, leftover{path: path, what: "a helper script of install-docker.sh"})
		}
	}
	for _, pattern := range []string{"etc/nginx/sites-enabled/*", "etc/nginx/sites-available/*", "etc/nginx/conf.d/*.conf"} {
		paths, _ := filepath.Glob(filepath.Join(root, pattern))
		for _, path := range paths {
			if text := smallText(path); t.isSite(text) {
				out = append(out, leftover{path: path, what: "the nginx site of " + t.domain, stays: t.sharedSite(text)})
			}
		}
	}
	for _, pattern := range []string{"etc/cron.d/*", "var/spool/cron/crontabs/*", "var/spool/cron/root"} {
		paths, _ := filepath.Glob(filepath.Join(root, pattern))
		for _, path := range paths {
			mine, others := t.cronLines(smallText(path))
			if mine == 0 {
				continue
			}
			l := leftover{path: path, what: "a cron job for this OpenAlgo"}
			if others > 0 || !strings.Contains(path, "/cron.d/") {
				l.stays = "it has other jobs, too: take the line out with an editor (crontab -e)"
			}
			out = append(out, l)
		}
	}
	hooks, _ := filepath.Glob(filepath.Join(root, "etc/letsencrypt/renewal-hooks/deploy/*"))
	for _, path := range hooks {
		if text := smallText(path); t.domain != "" && strings.Contains(text, "nginx") {
			out = append(out, leftover{path: path, what: "reloads nginx after a certificate was renewed", stays: "other certificates of this host need it, too"})
		}
	}
	if t.domain != "" {
		if _, err := os.Stat(filepath.Join(root, "etc/letsencrypt/live", t.domain)); err == nil {
			out = append(out, leftover{path: filepath.Join(root, "etc/letsencrypt/live", t.domain), what: "the certificate of " + t.domain,
				stays: "authorities give only so many: `certbot delete --cert-name " + t.domain + "` removes it"})
		}
	}
	return out
}

// smallText reads a file; "" where it can't be, or is no text file of a host.
func smallText(path string) string {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() || info.Size() > largeFile {
		return ""
	}
	text, _ := readfile.Regular(path, largeFile)
	return string(text)
}

// namesDir reports whether a text has the directory, and not only a longer one
// that begins alike.
func (t traces) namesDir(text string) bool {
	return regexp.MustCompile(regexp.QuoteMeta(t.dir) + `($|[^A-Za-z0-9_.-])`).MatchString(text)
}

var serverNames = regexp.MustCompile(`(?m)^\s*server_name\s+([^;]+);`)

// isSite reports whether an nginx file serves the domain from this instance's
// port. What this program wrote goes another way.
func (t traces) isSite(text string) bool {
	if t.domain == "" || t.web == 0 || edge.Owner([]byte(text)) != "" {
		return false
	}
	port := regexp.MustCompile(`(127\.0\.0\.1|localhost|\[::1\]):` + strconv.Itoa(t.web) + `\b`).MatchString(text)
	for _, names := range serverNames.FindAllStringSubmatch(text, -1) {
		for _, name := range strings.Fields(names[1]) {
			if name == t.domain && port {
				return true
			}
		}
	}
	return false
}

// sharedSite names what else such a file serves.
func (t traces) sharedSite(text string) string {
	for _, names := range serverNames.FindAllStringSubmatch(text, -1) {
		for _, name := range strings.Fields(names[1]) {
			if name != t.domain && name != "www."+t.domain && name != "_" {
				return "it serves " + name + ", too"
			}
		}
	}
	return ""
}

// cronLines counts the jobs in a table that are for this instance, and others.
func (t traces) cronLines(text string) (mine, others int) {
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") || cronVariable.MatchString(line) {
			continue
		}
		if t.namesDir(line) || t.dir == scriptDir && helperCall.MatchString(line) {
			mine++
		} else {
			others++
		}
	}
	return mine, others
}

// scriptDir is the one directory that install-docker.sh and its helpers know.
const scriptDir = "/opt/openalgo"

var helperCall = regexp.MustCompile(`(^|[\s/])openalgo-(backup|restart|status)\b($|[^-])`)

var cronVariable = regexp.MustCompile(`^[A-Za-z_]+\s*=`)

// tracesOf are those of the instance that was observed.
func tracesOf(dir string, o *observed) traces {
	t := traces{dir: dir}
	if o.env != nil {
		server, _ := o.env.Get("HOST_SERVER")
		if u, err := url.Parse(server); err == nil && u.Scheme == "https" {
			t.domain = u.Hostname()
		}
	}
	if c := o.container(); c != nil {
		_, t.web = portOf(*c, openalgo.WebPort)
	}
	return t
}

// planLeftovers lists what other installers left, and takes it along when that
// is asked for.
func (in *Installer) planLeftovers(o *observed, r *Removal) {
	daily := ReadDailyBackup(string(in.dir))
	for _, l := range tracesOf(string(in.dir), o).leftovers("/") {
		switch {
		case daily != nil && strings.Contains(strings.Join(daily.Files, "\n"), l.path):
		case l.stays != "":
			r.Kept = append(r.Kept, fmt.Sprintf("%s (%s; %s)", l.path, l.what, l.stays))
		case !r.Leftovers:
			r.Kept = append(r.Kept, fmt.Sprintf("%s (%s; --leftovers removes it)", l.path, l.what))
		default:
			r.leftovers = append(r.leftovers, l.path)
			r.Changes = append(r.Changes, Change{Kind: KindFile, Name: l.path, Action: ActionRemove, Reason: l.what})
		}
	}
}

// removeLeftovers moves the files into the backups of the instance. nginx must
// take what is left; else its files are put back.
func (in *Installer) removeLeftovers(ctx context.Context, paths []string) error {
	if len(paths) == 0 {
		return nil
	}
	aside := in.dir.Work("backups/leftovers")
	if err := os.MkdirAll(aside, 0o700); err != nil {
		return fmt.Errorf("making %s: %w", aside, err)
	}
	nginx := map[string]string{}
	for _, path := range paths {
		to := filepath.Join(aside, strings.ReplaceAll(strings.TrimPrefix(path, "/"), "/", "_"))
		if err := moveFile(path, to); err != nil {
			return fmt.Errorf("removing %s: %w", path, err)
		}
		if strings.HasPrefix(path, "/etc/nginx/") {
			nginx[path] = to
		}
	}
	if len(nginx) == 0 {
		return nil
	}
	if out, err := exec.CommandContext(ctx, "nginx", "-t").CombinedOutput(); err != nil && !errors.Is(err, exec.ErrNotFound) {
		for path, to := range nginx {
			err = errors.Join(err, moveFile(to, path))
		}
		return fmt.Errorf("nginx does not take its configuration without the site, so the site stays: %w: %s", err, strings.TrimSpace(string(out)))
	}
	if out, err := exec.CommandContext(ctx, "nginx", "-s", "reload").CombinedOutput(); err != nil && !errors.Is(err, exec.ErrNotFound) {
		in.note(fmt.Sprintf("nginx was not reloaded (does it run?): %s", strings.TrimSpace(string(out))))
	}
	return nil
}

// moveFile moves a file or a link, to another disk too.
func moveFile(from, to string) error {
	info, err := os.Lstat(from)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	_ = os.Remove(to)
	if err := copyEntry(from, to, fs.FileInfoToDirEntry(info)); err != nil {
		return err
	}
	return os.Remove(from)
}

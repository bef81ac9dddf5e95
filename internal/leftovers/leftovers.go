// Package leftovers finds what other installers of OpenAlgo left on the host for
// an instance, and moves it away.
package leftovers

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
	"slices"
	"strconv"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/edge"
	"github.com/marketcalls/openalgo-install/internal/envfile"
	"github.com/marketcalls/openalgo-install/internal/host"
	"github.com/marketcalls/openalgo-install/internal/readfile"
)

// Leftover is a file that another installer left on the host for an instance.
type Leftover struct {
	Path string
	What string
	// Stays says why it is not removed even on request; "" when it may be.
	Stays string
}

// Traces tell an instance in a file that another installer wrote.
type Traces struct {
	Dir    string // its directory
	Domain string // "" without one
	Web    int    // its port, 0 when it is not known
}

// largeFile is more than any of these files has, in bytes.
const largeFile = 1 << 20

// helperScripts are those of install-docker.sh (docs/openalgo-facts.md 5.1); they
// name the directory that they are for.
var helperScripts = []string{"openalgo-status", "openalgo-restart", "openalgo-logs", "openalgo-backup"}

// Find looks below root, which is "/" outside of tests. Every file is
// recognised by what it says of this instance, never by its name alone.
func (t Traces) Find(root string) []Leftover {
	var out []Leftover
	for _, name := range helperScripts {
		path := filepath.Join(root, "usr/local/bin", name)
		if text := smallText(path); strings.HasPrefix(text, "#!") && t.namesDir(text) {
			out = append(out, Leftover{Path: path, What: "a helper script of install-docker.sh"})
		}
	}
	for _, pattern := range []string{"etc/nginx/sites-enabled/*", "etc/nginx/sites-available/*", "etc/nginx/conf.d/*.conf"} {
		paths, _ := filepath.Glob(filepath.Join(root, pattern))
		for _, path := range paths {
			if text := smallText(path); t.isSite(text) {
				out = append(out, Leftover{Path: path, What: "the nginx site of " + t.Domain, Stays: t.sharedSite(text)})
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
			l := Leftover{Path: path, What: "a cron job for this instance"}
			if others > 0 || !strings.Contains(path, "/cron.d/") {
				l.Stays = "it has other jobs too. Remove the line with an editor (crontab -e)"
			}
			out = append(out, l)
		}
	}
	hooks, _ := filepath.Glob(filepath.Join(root, "etc/letsencrypt/renewal-hooks/deploy/*"))
	for _, path := range hooks {
		if text := smallText(path); t.Domain != "" && strings.Contains(text, "nginx") {
			out = append(out, Leftover{Path: path, What: "reloads nginx after a certificate renewal", Stays: "other certificates on this machine need it too"})
		}
	}
	if t.Domain != "" {
		if _, err := os.Stat(filepath.Join(root, "etc/letsencrypt/live", t.Domain)); err == nil {
			out = append(out, Leftover{Path: filepath.Join(root, "etc/letsencrypt/live", t.Domain), What: "the certificate of " + t.Domain,
				Stays: "certificate authorities issue only a few for a name, so it stays. To remove it: `certbot delete --cert-name " + t.Domain + "`"})
		}
	}
	return out
}

// smallText reads a file; "" where it cannot be, or is no text file of a host.
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
func (t Traces) namesDir(text string) bool {
	return regexp.MustCompile(regexp.QuoteMeta(t.Dir) + `($|[^A-Za-z0-9_.-])`).MatchString(text)
}

var serverNames = regexp.MustCompile(`(?m)^\s*server_name\s+([^;]+);`)

// isSite reports whether an nginx file serves the domain from this instance's
// port. What this program wrote goes another way.
func (t Traces) isSite(text string) bool {
	if t.Domain == "" || t.Web == 0 || edge.Owner([]byte(text)) != "" {
		return false
	}
	port := regexp.MustCompile(`(127\.0\.0\.1|localhost|\[::1\]):` + strconv.Itoa(t.Web) + `\b`).MatchString(text)
	for _, names := range serverNames.FindAllStringSubmatch(text, -1) {
		for _, name := range strings.Fields(names[1]) {
			if name == t.Domain && port {
				return true
			}
		}
	}
	return false
}

// sharedSite names what else such a file serves.
func (t Traces) sharedSite(text string) string {
	for _, names := range serverNames.FindAllStringSubmatch(text, -1) {
		for _, name := range strings.Fields(names[1]) {
			if name != t.Domain && name != "www."+t.Domain && name != "_" {
				return "it serves " + name + " too"
			}
		}
	}
	return ""
}

// cronLines counts the jobs in a table that are for this instance, and others.
func (t Traces) cronLines(text string) (mine, others int) {
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") || cronVariable.MatchString(line) {
			continue
		}
		if t.namesDir(line) || t.Dir == scriptDir && helperCall.MatchString(line) {
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

// Of returns the traces of the instance in a directory, by its .env, nil for none,
// and the port that its web interface is published on.
func Of(dir string, env *envfile.File, web int) Traces {
	t := Traces{Dir: dir, Web: web}
	if env == nil {
		return t
	}
	server, _ := env.Get("HOST_SERVER")
	if u, err := url.Parse(server); err == nil && u.Scheme == "https" {
		t.Domain = u.Hostname()
	}
	return t
}

// Still returns those of some files below root that may be removed: they are
// recognised as before, or gone already.
func (t Traces) Still(root string, paths []string) []string {
	found := t.Find(root)
	return slices.DeleteFunc(slices.Clone(paths), func(path string) bool {
		_, err := os.Lstat(path)
		known := slices.ContainsFunc(found, func(l Leftover) bool { return l.Path == path && l.Stays == "" })
		return !known && !errors.Is(err, fs.ErrNotExist)
	})
}

// Remove moves the files into the directory aside, and reloads nginx where some
// were its. nginx must accept what is left; else its files are put back. note is
// told what failed and does not matter.
func Remove(ctx context.Context, paths []string, aside string, note func(string)) error {
	if len(paths) == 0 {
		return nil
	}
	if err := os.MkdirAll(aside, 0o700); err != nil {
		return fmt.Errorf("making %s: %w", aside, err)
	}
	nginx := map[string]string{}
	for _, path := range paths {
		to := filepath.Join(aside, strings.ReplaceAll(strings.TrimPrefix(path, "/"), "/", "_"))
		if err := host.MoveFile(path, to); err != nil {
			return fmt.Errorf("removing %s: %w", path, err)
		}
		if strings.HasPrefix(path, "/etc/nginx/") {
			nginx[path] = to
		}
	}
	if len(nginx) == 0 {
		return nil
	}
	if out, err := host.Command(ctx, "nginx", "-t").CombinedOutput(); err != nil && !errors.Is(err, exec.ErrNotFound) {
		for path, to := range nginx {
			err = errors.Join(err, host.MoveFile(to, path))
		}
		return fmt.Errorf("nginx rejects its configuration without the site, so the site stays: %w: %s", err, strings.TrimSpace(string(out)))
	}
	if out, err := host.Command(ctx, "nginx", "-s", "reload").CombinedOutput(); err != nil && !errors.Is(err, exec.ErrNotFound) {
		note(fmt.Sprintf("cannot reload nginx (does it run?): %s", strings.TrimSpace(string(out))))
	}
	return nil
}

package edge

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/marketcalls/openalgo-install/internal/readfile"
	"github.com/marketcalls/openalgo-install/internal/wait"

	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/host"
)

// Nginx is the host's own nginx, with one file of ours for each site.
type Nginx struct {
	HTTP, HTTPS int
	webroot     string // where an authority's challenges are answered from
	dir         string // that the site files go to
	loaded      []loadedFile
	http2On     bool
	ipv6        bool
}

// loadedFile is one file of the configuration in force.
type loadedFile struct {
	path  string
	names []string // of its servers
}

// NginxError is an nginx that is missing, stopped, or does not take its files.
type NginxError struct{ Reason string }

func (e *NginxError) Error() string { return e.Reason }

// OpenNginx asks the host's nginx for its configuration. webroot is where
// challenges for certbot are answered from.
func OpenNginx(ctx context.Context, s Settings, webroot string) (*Nginx, error) {
	n := &Nginx{HTTP: cmp.Or(s.HTTP, 80), HTTPS: cmp.Or(s.HTTPS, 443), webroot: webroot}
	if _, err := exec.LookPath("nginx"); err != nil {
		return nil, &NginxError{"tls.mode nginx needs nginx on this machine: apt-get install nginx, or use `tls: {mode: auto}`"}
	}
	version, err := command(ctx, "nginx", "-v")
	if err != nil {
		return nil, &NginxError{"asking nginx for its version: " + err.Error()}
	}
	n.http2On = has1251(version)
	dump, err := command(ctx, "nginx", "-T")
	if err != nil {
		return nil, &NginxError{"nginx's present configuration has an error: " + nginxReason(err) + ". Fix it first (nginx -t). Nothing was changed"}
	}
	n.read(dump)
	if n.dir == "" {
		return nil, &NginxError{"nginx includes neither a conf.d nor a sites-enabled directory in its http part, so there is no place for a site: " +
			"add `include /etc/nginx/conf.d/*.conf;` there"}
	}
	if !processRuns("nginx") {
		return nil, &NginxError{"nginx does not run: systemctl start nginx (or: service nginx start)"}
	}
	// A wildcard listens on both families where the kernel has the second.
	if l, err := net.Listen("tcp6", "[::1]:0"); err == nil {
		_ = l.Close()
		n.ipv6 = true
	}
	return n, nil
}

var (
	versionText = regexp.MustCompile(`nginx/(\d+)\.(\d+)\.(\d+)`)
	includeLine = regexp.MustCompile(`^\s*include\s+["']?([^;"']+)["']?\s*;`)
	nameLine    = regexp.MustCompile(`^\s*server_name\s+([^;]+);`)
	fileLine    = regexp.MustCompile(`^# configuration file (.+):$`)
)

// has1251 reports whether http2 is a directive of its own, since 1.25.1.
func has1251(version string) bool {
	m := versionText.FindStringSubmatch(version)
	if m == nil {
		return false
	}
	var v [3]int
	for i := range v {
		v[i], _ = strconv.Atoi(m[i+1])
	}
	return slices.Compare(v[:], []int{1, 25, 1}) >= 0
}

// siteDirs are directories that hold sites, by preference.
var siteDirs = []string{"conf.d", "sites-enabled", "http.d", "vhosts.d", "servers"}

// read takes what matters from the output of nginx -T.
func (n *Nginx) read(dump string) {
	main, found := "", map[string]string{}
	for line := range strings.Lines(dump) {
		line = strings.TrimRight(line, "\r\n")
		if m := fileLine.FindStringSubmatch(line); m != nil {
			main = cmp.Or(main, m[1])
			n.loaded = append(n.loaded, loadedFile{path: m[1]})
		} else if m := includeLine.FindStringSubmatch(line); m != nil {
			pattern := m[1]
			if !filepath.IsAbs(pattern) {
				pattern = filepath.Join(filepath.Dir(main), pattern)
			}
			if ok, _ := filepath.Match(filepath.Base(pattern), "openalgo-x.conf"); ok {
				found[filepath.Base(filepath.Dir(pattern))] = filepath.Dir(pattern)
			}
		} else if m := nameLine.FindStringSubmatch(line); m != nil && len(n.loaded) > 0 {
			last := &n.loaded[len(n.loaded)-1]
			last.names = append(last.names, strings.Fields(m[1])...)
		}
	}
	for _, name := range siteDirs {
		if n.dir == "" {
			n.dir = found[name]
		}
	}
}

func (n *Nginx) siteFile(domain string) string {
	return filepath.Join(n.dir, "openalgo-"+fileName(domain)+".conf")
}

func (n *Nginx) form() nginxForm {
	return nginxForm{http: n.HTTP, https: n.HTTPS, ipv6: n.ipv6, http2On: n.http2On, webroot: n.webroot}
}

// File is the file of a site as it is to be.
func (n *Nginx) File(s Site) File {
	return File{Path: n.siteFile(s.Domain), Text: renderNginx(s, n.form()), Mode: 0o644}
}

// Plan works out what s needs. A domain that another site serves is refused.
func (n *Nginx) Plan(_ context.Context, s Site) (*Plan, error) {
	p, file := &Plan{}, n.File(s)
	for _, other := range n.loaded {
		if other.path != file.Path && slices.Contains(other.names, s.Domain) {
			return nil, &TakenError{Domain: s.Domain, Path: other.path}
		}
	}
	if now, err := readOptional(file.Path); err != nil {
		return nil, err
	} else if now != nil && Owner(now) != s.owner() {
		return nil, &TakenError{Domain: s.Domain, By: Owner(now), Path: file.Path}
	}
	return p, addFile(p, file, "https://"+s.Domain+" points to "+s.Instance, unified(filepath.Base(file.Path), file.Text))
}

// Gone plans to take the site of a domain away.
func (n *Nginx) Gone(domain, instance, dir string) (*Plan, error) {
	p, s := &Plan{}, Site{Instance: instance, Dir: dir, Domain: domain}
	file := File{Path: n.siteFile(domain)}
	text, err := readOptional(file.Path)
	if err != nil || text == nil {
		return p, err
	}
	if Owner(text) != s.owner() {
		p.Warnings = append(p.Warnings, finding.Warn("site-foreign", "%s is not this instance's and stays", file.Path))
		return p, nil
	}
	if err := addFile(p, file, "https://"+domain+" is no longer served", nil); err != nil {
		return nil, err
	}
	return p, addFile(p, File{Path: GateFile(KindNginx, "", dir, domain)}, "https://"+domain+" is no longer served", nil)
}

// Apply has nginx check all of its files, and read them again when they are right.
func (n *Nginx) Apply(ctx context.Context) error {
	if _, err := command(ctx, "nginx", "-t"); err != nil {
		return &NginxError{"nginx rejects the new site: " + nginxReason(err)}
	}
	if _, err := command(ctx, "nginx", "-s", "reload"); err != nil {
		return &NginxError{"nginx could not be told to read its files: " + nginxReason(err)}
	}
	return nil
}

// Address is where this machine reaches nginx.
func (n *Nginx) Address() string { return Local(n.HTTPS) }

// serveTime is how long nginx may take to serve what it was told to read.
const serveTime = 15 * time.Second

// Await waits until nginx serves the domain with a certificate for it.
func (n *Nginx) Await(ctx context.Context, domain string, t Trust, _ time.Time) error {
	var last error
	err := wait.Until(ctx, serveTime, pollEvery, func(ctx context.Context) (bool, error) {
		_, last = Certificate(ctx, n.Address(), domain, t)
		return last == nil, nil
	})
	if wait.IsOver(err) {
		return &IssueError{domain, fmt.Sprintf("nginx does not serve it on port %d (%v): its error log may say why", n.HTTPS, last)}
	}
	return err
}

// Runs reports whether nginx serves now.
func (n *Nginx) Runs() bool { return true }

// command runs a program of the host; its error holds what it printed.
func command(ctx context.Context, name string, args ...string) (string, error) {
	out, err := host.Command(ctx, name, args...).CombinedOutput()
	text := strings.TrimSpace(string(out))
	if err != nil {
		return text, fmt.Errorf("%s (%w)", cmp.Or(text, name+" "+strings.Join(args, " ")), err)
	}
	return text, nil
}

// nginxReason is the first complaint in nginx's output.
func nginxReason(err error) string {
	for line := range strings.Lines(err.Error()) {
		if _, reason, ok := strings.Cut(line, "[emerg]"); ok {
			return strings.TrimSpace(reason)
		}
	}
	return strings.Join(strings.Fields(err.Error()), " ")
}

// processRuns reports whether a process of that name is there.
func processRuns(name string) bool {
	found, _ := filepath.Glob("/proc/[0-9]*/comm")
	return slices.ContainsFunc(found, func(path string) bool {
		text, err := readfile.Regular(path, readfile.Config)
		return err == nil && strings.TrimSpace(string(text)) == name
	})
}

package e2e_test

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/marketcalls/openalgo-install/internal/compose"
)

// webServer is somebody's nginx, with a site of theirs.
type webServer struct {
	t           *testing.T
	dir, bin    string
	http, https int
	other       string // their site's port
}

func newNginx(t *testing.T) *webServer {
	t.Helper()
	real := tool(t, "nginx/usr/sbin/nginx")
	// Not t.TempDir: nginx's workers run as nobody, and its parents are closed.
	dir, err := os.MkdirTemp("", "oae2e-nginx-")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	w := &webServer{t: t, dir: dir, bin: filepath.Join(dir, "bin"), http: freePort(t), https: freePort(t), other: fmt.Sprint(freePort(t))}
	for name, text := range map[string]string{
		"nginx.conf": fmt.Sprintf("pid %[1]s/nginx.pid;\nerror_log %[1]s/error.log;\nevents {}\nhttp {\n  access_log off;\n"+
			"  client_body_temp_path %[1]s/body;\n  proxy_temp_path %[1]s/proxy;\n  fastcgi_temp_path %[1]s/f;\n  uwsgi_temp_path %[1]s/u;\n  scgi_temp_path %[1]s/s;\n"+
			"  include %[1]s/conf.d/*.conf;\n}\n", dir),
		"conf.d/theirs.conf": "server {\n  listen 127.0.0.1:" + w.other + ";\n  server_name theirs.example.com;\n  location / { return 200 'theirs'; }\n}\n",
		"bin/nginx":          fmt.Sprintf("#!/bin/sh\nexec %s -c %s/nginx.conf -p %[2]s \"$@\"\n", real, dir),
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := exec.Command(filepath.Join(w.bin, "nginx")).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	t.Cleanup(func() { _ = exec.Command(filepath.Join(w.bin, "nginx"), "-s", "stop").Run() })
	return w
}

// serve makes an instance find this nginx.
func (w *webServer) serve(i *instance) {
	i.env = append(i.env, "PATH="+w.bin+":"+os.Getenv("PATH"))
}

func (w *webServer) site(domain string) string {
	return filepath.Join(w.dir, "conf.d", "openalgo-"+domain+".conf")
}

// mustStillServeTheirs asks the site that was there before.
func (w *webServer) mustStillServeTheirs() {
	w.t.Helper()
	res, err := http.Get("http://127.0.0.1:" + w.other + "/")
	if err != nil || res.StatusCode != http.StatusOK {
		w.t.Errorf("their site: %v %v", res, err)
		return
	}
	_ = res.Body.Close()
}

func (w *webServer) answers(domain, more string) string {
	return fmt.Sprintf("domain: %s\ntls:\n  mode: nginx\n  check_dns: false\n  edge: {http: %d, https: %d}\n%s", domain, w.http, w.https, more)
}

// ownCertificate writes a certificate for the names, and returns the answers'
// lines that name it.
func ownCertificate(t *testing.T, c certTemplate) (lines string, pool *x509.CertPool) {
	t.Helper()
	dir := t.TempDir()
	cert, key := certificate(t, c)
	for name, text := range map[string][]byte{"cert.pem": cert, "key.pem": key} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	pool = x509.NewCertPool()
	pool.AppendCertsFromPEM(cert)
	return fmt.Sprintf("  cert: %[1]s/cert.pem\n  key: %[1]s/key.pem\n", dir), pool
}

func TestNginxRoutes(t *testing.T) {
	t.Parallel()
	i := newInstance(t)
	w := newNginx(t)
	w.serve(i)
	domain := i.project + ".algo.test"
	own, pool := ownCertificate(t, certTemplate{names: []string{"*.algo.test"}, until: time.Now().Add(90 * 24 * time.Hour)})
	i.write(w.answers(domain, own) + mcpOn)
	makeAccount(t, i, edgeClient(t, pool, w.https), domain, i.install(0))
	routes(t, edgeClient(t, pool, w.https), domain, fmt.Sprint(w.http))
	w.mustStillServeTheirs()
	i.mustBeReady()
	i.run("uninstall", "--yes", "--purge="+i.project)
	if _, err := os.Stat(w.site(domain)); err == nil {
		t.Error("the site is left")
	}
	w.mustStillServeTheirs()
}

// nginx's tables have places for short names alone, and a file's name has 255 bytes.
func TestNginxLongDomains(t *testing.T) {
	t.Parallel()
	i := newInstance(t)
	w := newNginx(t)
	w.serve(i)
	label := strings.Repeat("a", 60) + "."
	own, pool := ownCertificate(t, certTemplate{names: []string{"*.a.example.co.in", "*." + label + label + label + "algo.test"}, until: time.Now().Add(90 * 24 * time.Hour)})
	for _, domain := range []string{strings.Repeat("a", 11) + ".a.example.co.in", strings.Repeat("a", 53) + "." + label + label + label + "algo.test"} {
		i.write(w.answers(domain, own))
		i.install(0)
		res, err := edgeClient(t, pool, w.https).Get("https://" + domain + "/auth/check-setup")
		if err != nil || res.StatusCode != http.StatusOK {
			t.Fatalf("%s: %v %v", domain, res, err)
		}
		_ = res.Body.Close()
	}
	w.mustStillServeTheirs()
	i.run("uninstall", "--yes", "--purge="+i.project)
	if left, _ := filepath.Glob(filepath.Join(w.dir, "conf.d", "openalgo-*")); len(left) > 0 {
		t.Error(left)
	}
}

// What is wrong with nginx is found before anything changes, and what our site
// would break is taken back.
func TestNginxIsLeftAsItWas(t *testing.T) {
	t.Parallel()
	i := newInstance(t)
	w := newNginx(t)
	w.serve(i)
	domain := i.project + ".algo.example.com"
	own, _ := ownCertificate(t, certTemplate{names: []string{domain}, until: time.Now().Add(90 * 24 * time.Hour)})
	i.write("")
	i.install(0)
	before := i.container().ID

	i.write(w.answers("theirs.example.com", "  certbot: true\n"))
	i.install(3).mustSay(t, "theirs.example.com is already served", "conf.d/theirs.conf")
	i.write(w.answers(domain, ""))
	i.install(2).mustSay(t, "needs a certificate for "+domain, "certbot: true")

	broken := filepath.Join(w.dir, "conf.d", "zz-broken.conf")
	if err := os.WriteFile(broken, []byte("nonsense;\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	i.write(w.answers(domain, own))
	i.install(3).mustSay(t, "nginx's present configuration has an error", "nonsense")
	// A variable of the same name makes ours the one that breaks nginx.
	sum := sha256.Sum256([]byte(domain))
	id := hex.EncodeToString(sum[:6])
	if err := os.WriteFile(broken, []byte("limit_req_zone $host zone=openalgo_"+id+":1m rate=1r/s;\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	i.install(4).mustSay(t, "nginx rejects the new site", "Rolled back")
	if _, err := os.Stat(w.site(domain)); err == nil {
		t.Error("the site is left")
	}
	if err := os.Remove(broken); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(filepath.Join(w.bin, "nginx"), "-t").CombinedOutput(); err != nil {
		t.Errorf("%s", out)
	}
	if i.container().ID != before {
		t.Error("the container is another one")
	}
	w.mustStillServeTheirs()
	i.mustBeReady()
}

// Certbot asks the authority through the challenge directory of our site.
func TestNginxCertbot(t *testing.T) {
	t.Parallel()
	certbot := filepath.Join(filepath.Dir(os.Getenv("OPENALGO_PYTHON")), "certbot")
	if _, err := os.Stat(certbot); err != nil {
		missing(t, "there is no certbot beside OPENALGO_PYTHON")
	}
	i := newInstance(t)
	w := newNginx(t)
	w.serve(i)
	p := startPebble(t, w.http, w.https)
	state := t.TempDir()
	wrapper := fmt.Sprintf("#!/bin/sh\ncommand=$1; shift\nexec %s $command --config-dir %[2]s/c --work-dir %[2]s/w --logs-dir %[2]s/l \"$@\"\n", certbot, state)
	if err := os.WriteFile(filepath.Join(w.bin, "certbot"), []byte(wrapper), 0o755); err != nil {
		t.Fatal(err)
	}
	i.env = append(i.env, "REQUESTS_CA_BUNDLE="+p.rootFile)
	// nginx's workers must get at the directory that challenges are answered from.
	open(t, i.dir)
	domain := i.project + ".algo.test"
	i.write(w.answers(domain, "  certbot: true\n  email: me@example.com\n  ca: "+p.url+"\n  ca_root: "+p.rootFile+"\n"))
	i.install(0)
	pool := x509.NewCertPool()
	text, _ := os.ReadFile(p.rootFile)
	pool.AppendCertsFromPEM(text)
	res, err := edgeClient(t, pool, w.https).Get("https://" + domain + "/auth/check-setup")
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%v %v", res, err)
	}
	_ = res.Body.Close()
	if again := i.install(0); !strings.Contains(again.stdout, "Nothing to do") {
		t.Error(again.all())
	}
}

// open lets other users pass through the directories above dir, as they may on
// a real host.
func open(t *testing.T, dir string) {
	t.Helper()
	for dir = filepath.Dir(dir); dir != os.TempDir() && dir != "/"; dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
}

// A certificate of the user's own, by the edge.
func TestEdgeFiles(t *testing.T) {
	t.Parallel()
	i := newInstance(t)
	h := newEdge(t)
	later := time.Now().Add(90 * 24 * time.Hour)
	answers := func(own string) string {
		return fmt.Sprintf("domain: %s\ntls:\n  mode: files\n  check_dns: false\n  edge: {dir: %s, image: \"%s\", http: %d, https: %d}\n%s",
			h.domain, h.dir, h.image, h.http, h.https, own)
	}
	_, otherKey := certificate(t, certTemplate{names: []string{h.domain}, until: later})
	for want, c := range map[string]certTemplate{
		"is for else.algo.test, not for " + h.domain: {names: []string{"else.algo.test"}, until: later},
		"expired on":                 {names: []string{h.domain}, from: time.Now().Add(-48 * time.Hour), until: time.Now().Add(-time.Hour)},
		"clock says":                 {names: []string{h.domain}, from: time.Now().Add(48 * time.Hour), until: later},
		"is not the key":             {names: []string{h.domain}, until: later},
		"no name at all":             {until: later},
		"there is no certificate in": {names: []string{h.domain}, until: later},
	} {
		own, _ := ownCertificate(t, c)
		if want == "is not the key" {
			own = replaceFile(t, own, "key", otherKey)
		}
		if want == "there is no certificate in" {
			own = replaceFile(t, own, "cert", []byte("nothing\n"))
		}
		i.write(answers(own))
		i.install(2).mustSay(t, want)
	}
	if len(i.containers()) > 0 {
		t.Fatal("something was made")
	}
	own, pool := ownCertificate(t, certTemplate{names: []string{"*.algo.test"}, until: later})
	i.write(answers(own))
	i.install(0)
	get := func(pool *x509.CertPool) error {
		res, err := edgeClient(t, pool, h.https).Get("https://" + h.domain + "/auth/check-setup")
		if err == nil {
			_ = res.Body.Close()
		}
		return err
	}
	if err := get(pool); err != nil {
		t.Fatal(err)
	}
	// Renewed: the same answers, other files.
	own, renewed := ownCertificate(t, certTemplate{names: []string{h.domain}, until: later})
	i.write(answers(own))
	before := i.container().ID
	i.install(0)
	if err := get(renewed); err != nil {
		t.Error(err)
	}
	if i.container().ID != before {
		t.Error("a certificate was renewed, and OpenAlgo was recreated")
	}
	info, err := os.Stat(filepath.Join(h.dir, "caddy", "certs", h.domain+".key"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key: %v %v", info, err)
	}
	if left, _ := docker.Containers(t.Context(), compose.LabelProject+"="+h.project); len(left) != 1 {
		t.Errorf("%d containers of the edge", len(left))
	}
}

// replaceFile writes other text into the file that a line of answers names.
func replaceFile(t *testing.T, own, key string, text []byte) string {
	t.Helper()
	for line := range strings.Lines(own) {
		if name, path, ok := strings.Cut(strings.TrimSpace(line), ": "); ok && name == key {
			if err := os.WriteFile(path, text, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	return own
}

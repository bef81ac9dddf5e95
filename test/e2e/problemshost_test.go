package e2e_test

import (
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// Disks that are nearly full, or will be.
func TestProblemsOfDisks(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("mounting needs root")
	}
	images := t.TempDir()
	resize := func(dir, options string) func() {
		return func() { mustRun(t, "mount", "-o", "remount,"+options, dir) }
	}
	w := newWatched(t, func(w *watched) {
		if !*makeProblems {
			return
		}
		smallDisk(t, images, "size=200g,nr_inodes=100000")
		smallDisk(t, w.dir, "size=2g,mode=0755")
		w.env = nil
		w.through(engineView{projects: []string{w.project}, info: map[string]any{"DockerRootDir": images}})
	})
	w.happens(problem{event: "disk", of: "machine", says: w.dir, begin: resize(w.dir, "size=40m"), end: resize(w.dir, "size=2g")})
	w.happens(problem{event: "disk", of: "machine", says: images, begin: resize(images, "size=900m"), end: resize(images, "size=200g"), otherwise: []string{"disk-fills"}})
	w.happens(problem{event: "inodes-full", of: "machine", begin: resize(images, "nr_inodes=3000"), end: resize(images, "nr_inodes=100000")})
	size := 200
	w.happens(problem{event: "disk-fills", of: "machine", says: images, begin: func() {
		for range 8 {
			w.later(time.Hour)
			w.rounds(1)
			size -= 20
			resize(images, fmt.Sprintf("size=%dg", size))()
		}
		w.later(time.Hour)
	}, end: resize(images, "size=200g")})
}

// addresses stands for the services that say which address they see.
func addresses(t *testing.T) (env []string, set func(string)) {
	t.Helper()
	var now atomic.Value
	now.Store("203.0.113.7")
	server := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, _ *http.Request) {
		if now.Load() == "" {
			out.WriteHeader(http.StatusBadGateway)
		}
		fmt.Fprint(out, now.Load())
	}))
	t.Cleanup(server.Close)
	return []string{"OPENALGO_INSTALL_NO_PUBLIC_IP=0", "OPENALGO_INSTALL_PUBLIC_IP_SERVICES=" + server.URL + "/a," + server.URL + "/b"},
		func(address string) { now.Store(address) }
}

// The public address changes; while nobody can tell it, nothing is said.
func TestProblemOfTheAddress(t *testing.T) {
	t.Parallel()
	var set func(string)
	w := newWatched(t, func(w *watched) {
		var env []string
		env, set = addresses(t)
		w.env = append(w.env, env...)
	})
	set("")
	w.later(time.Hour)
	w.rounds(4)
	if got := w.news(); len(got) > 0 {
		t.Errorf("told of an address that nobody knows: %+v", got)
	}
	w.happens(problem{event: "address-changed", after: time.Hour, says: "198.51.100.9",
		begin: func() { set("198.51.100.9") }, end: func() {
			set("")
			for range 3 {
				w.later(time.Hour)
				w.rounds(2)
			}
			if got := w.news(); len(got) > 0 {
				t.Errorf("while the services were away: %+v", got)
			}
			set("203.0.113.7")
		}})
}

// A certificate that nobody renews, of the HTTPS proxy that this program set up.
func TestProblemOfTheCertificate(t *testing.T) {
	t.Parallel()
	if !*makeProblems {
		t.Skip("make problems does this")
	}
	h := newEdge(t)
	names := []string{"*.algo.test"}
	lines := func(left time.Duration) string {
		own, _ := ownCertificate(t, certTemplate{names: names, until: time.Now().Add(left)})
		return own
	}
	answers := func(own string) string {
		return fmt.Sprintf("domain: %s\ntls:\n  mode: files\n  check_dns: false\n  edge: {dir: %s, image: \"%s\", http: %d, https: %d}\n%s", h.domain, h.dir, h.image, h.http, h.https, own)
	}
	w := newWatched(t, func(w *watched) {
		w.alone(h.project)
		w.write(answers(lines(90 * 24 * time.Hour)))
	})
	show := func(left time.Duration) func() {
		return func() { w.write(answers(lines(left))); w.install(0) }
	}
	w.happens(problem{event: "certificate-expires", after: time.Hour, begin: show(10 * 24 * time.Hour), end: show(90 * 24 * time.Hour)})
}

// A domain that points elsewhere, and a certificate of somebody else's proxy.
func TestProblemsOfTheDomain(t *testing.T) { // alone: it changes the resolver and the interfaces
	ownNamespaces(t)
	const here, there = "203.0.113.77", "198.51.100.9"
	mustRun(t, "ip", "address", "add", here+"/32", "dev", "lo")
	t.Cleanup(func() { mustRun(t, "ip", "address", "del", here+"/32", "dev", "lo") })
	resolver := filepath.Join(t.TempDir(), "resolv.conf")
	if err := os.WriteFile(resolver, []byte("nameserver 127.0.0.1\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	mustRun(t, "mount", "--bind", resolver, "/etc/resolv.conf")
	t.Cleanup(func() { mustRun(t, "umount", "/etc/resolv.conf") })
	manage := freePort(t)
	background(t, tool(t, "pebble-challtestsrv"), "-defaultIPv4", here, "-defaultIPv6", "", "-dnsserver", "127.0.0.1:53",
		"-management", fmt.Sprintf("127.0.0.1:%d", manage), "-http01", "", "-https01", "", "-tlsalpn01", "", "-doh", "")
	point := func(domain, to string) {
		t.Helper()
		for _, change := range []string{"clear-a", "add-a"} { // which adds to what is there
			eventually(t, "the DNS server answers", func() bool {
				res, err := http.Post(fmt.Sprintf("http://127.0.0.1:%d/%s", manage, change), "application/json", strings.NewReader(fmt.Sprintf(`{"host": "%s", "addresses": ["%s"]}`, domain, to)))
				return err == nil && res.Body.Close() == nil && res.StatusCode == http.StatusOK
			})
		}
	}
	domain, port := "algo.example.com", freePort(t)
	site := theirSite(t, domain, fmt.Sprintf("0.0.0.0:%d", port))
	site.show(90 * 24 * time.Hour)
	w := newWatched(t, func(w *watched) { w.env = append(w.env, "SSL_CERT_FILE="+site.roots) })
	w.setLine("HOST_SERVER", fmt.Sprintf("https://%s:%d", domain, port))
	point(domain+".", here)
	w.later(time.Hour)
	w.rounds(3)
	if got := w.news(); len(got) > 0 {
		t.Fatalf("of a site that works: %+v", got)
	}
	w.happens(problem{event: "dns-mismatch", after: time.Hour, says: there, begin: func() { point(domain+".", there) }, end: func() { point(domain+".", here) }})
	w.happens(problem{event: "certificate-expires", after: time.Hour, begin: func() { site.show(15 * 24 * time.Hour) }, end: func() { site.show(90 * 24 * time.Hour) }})
	w.happens(problem{event: "https", after: time.Hour, says: "expired", begin: func() { site.show(-time.Hour) }, end: func() { site.show(90 * 24 * time.Hour) }})
	w.happens(problem{event: "https", after: time.Hour, begin: func() { site.listener.Close() }, end: func() { site.listen(fmt.Sprintf("0.0.0.0:%d", port)) }})
}

// Docker that systemd does not start with the machine, and a daily backup that fails, or
// is missed.
func TestProblemsOfBootAndBackup(t *testing.T) { // alone: it puts a systemd there
	ownNamespaces(t)
	bin, enabled := t.TempDir(), filepath.Join(t.TempDir(), "enabled")
	script := "#!/bin/sh\ncase \"$*\" in *is-enabled*docker*) test -e " + enabled + ";; *) exit 0;; esac\n"
	for path, text := range map[string]string{filepath.Join(bin, "systemctl"): script, enabled: ""} {
		if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.MkdirAll("/run/systemd/system", 0o755); err != nil { // /run is the engine's own
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll("/run/systemd") })
	smallDisk(t, "/etc/systemd/system", "size=1m,mode=0755")
	small := filepath.Join(t.TempDir(), "small")
	smallDisk(t, small, "size=16k")
	w := newWatched(t, func(w *watched) { w.env = append(w.env, "PATH="+bin+":"+os.Getenv("PATH")) })
	w.happens(problem{event: "engine-not-at-boot", of: "machine", after: time.Hour, begin: func() { _ = os.Remove(enabled) },
		end: func() { _ = os.WriteFile(enabled, nil, 0o600) }})

	backup := func(want int, args ...string) func() {
		return func() {
			if out := w.run(append([]string{"backup", "--now"}, args...)...); out.code != want {
				t.Fatalf("exit %d\n%s", out.code, out.all())
			}
		}
	}
	w.happens(problem{event: "backup-failed", begin: backup(3, "--to", small), end: backup(0)})
	if out := w.run("backup", "--schedule", "02:30", "--now"); out.code != 0 {
		t.Fatal(out.all())
	}
	record := w.path(".openalgo-install/daily.json")
	w.happens(problem{event: "backup-daily", says: "none yet", begin: func() {
		if err := os.Remove(w.path(".openalgo-install/backup.json")); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(record)
		if err != nil {
			t.Fatal(err)
		}
		at := time.Now().UTC()
		old := strings.ReplaceAll(string(text), at.Format("2006-01-02T"), at.AddDate(0, 0, -3).Format("2006-01-02T"))
		if err := os.WriteFile(record, []byte(old), 0o600); err != nil || old == string(text) {
			t.Fatalf("%v: %s", err, text)
		}
	}, end: backup(0)})
	w.happens(problem{event: "backup-daily", says: "failed", begin: backup(3, "--to", small), end: backup(0)})
}

// site is a site over HTTPS that another program serves.
type site struct {
	t        *testing.T
	name     string
	roots    string // the file with what its certificates lead to
	listener net.Listener
	current  atomic.Pointer[tls.Certificate]
}

func theirSite(t *testing.T, name, address string) *site {
	t.Helper()
	s := &site{t: t, name: name, roots: filepath.Join(t.TempDir(), "roots.pem")}
	s.listen(address)
	t.Cleanup(func() { _ = s.listener.Close() })
	return s
}

func (s *site) listen(address string) {
	s.t.Helper()
	var err error
	s.listener, err = tls.Listen("tcp", address, &tls.Config{GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return s.current.Load(), nil }})
	if err != nil {
		s.t.Fatal(err)
	}
	server := &http.Server{Handler: http.NotFoundHandler(), ReadHeaderTimeout: time.Minute, ErrorLog: log.New(io.Discard, "", 0)}
	go func() { _ = server.Serve(s.listener) }()
}

// show serves another certificate, which ends after a while.
func (s *site) show(left time.Duration) {
	s.t.Helper()
	until := time.Now().Add(left)
	cert, key := certificate(s.t, certTemplate{names: []string{s.name}, from: until.AddDate(0, 0, -90), until: until})
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		s.t.Fatal(err)
	}
	s.current.Store(&pair)
	if err := os.WriteFile(s.roots, cert, 0o644); err != nil {
		s.t.Fatal(err)
	}
}

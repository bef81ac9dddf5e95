package e2e_test

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/marketcalls/openalgo-install/internal/rehearsal"
)

// tool is a program that scripts/tools.sh builds beside the registry.
func tool(t *testing.T, name string) string {
	t.Helper()
	path := filepath.Join(filepath.Dir(os.Getenv("OPENALGO_REGISTRY")), name)
	if _, err := os.Stat(path); os.Getenv("OPENALGO_REGISTRY") == "" || err != nil {
		missing(t, "there is no "+name+" beside OPENALGO_REGISTRY (test/tools/build.sh builds it)")
	}
	return path
}

// caddyImage is the image of the edge: no registry can be reached, so it is
// made from the program.
var caddyImage struct {
	sync.Once
	ref string
	err error
}

func theCaddyImage(t *testing.T) string {
	t.Helper()
	path := tool(t, "caddy")
	caddyImage.Do(func() {
		caddyImage.ref = "oae2e/caddy:" + strings.ToLower(rand.Text()[:8])
		binary, err := os.ReadFile(path)
		if err != nil {
			caddyImage.err = err
			return
		}
		var image bytes.Buffer
		w := tar.NewWriter(&image)
		for _, dir := range []string{"usr/", "usr/bin/", "run/", "data/", "config/", "etc/", "etc/caddy/", "tmp/"} {
			_ = w.WriteHeader(&tar.Header{Name: dir, Typeflag: tar.TypeDir, Mode: 0o755})
		}
		_ = w.WriteHeader(&tar.Header{Name: "usr/bin/caddy", Typeflag: tar.TypeReg, Mode: 0o755, Size: int64(len(binary))})
		_, _ = w.Write(binary)
		_ = w.Close()
		_, caddyImage.err = docker.Import(context.Background(), caddyImage.ref, &image, []string{"ENV PATH=/usr/bin"})
	})
	if caddyImage.err != nil {
		t.Fatal(caddyImage.err)
	}
	return caddyImage.ref
}

func removeCaddyImage() {
	if caddyImage.ref != "" {
		_ = docker.RemoveImage(context.Background(), caddyImage.ref)
	}
}

// host is what instances of one host share: an edge with its ports, and a
// certificate authority that knows nobody else.
type edgeHost struct {
	t           *testing.T
	dir         string // the edge's
	project     string
	image       string
	http, https int
	ca, root    string // the authority's directory, and what its certificates lead to
	domain      string
	pebble      *pebble
}

// newEdge makes a place for an edge, with a certificate authority that asks
// over both challenges unless one of them is closed ("http", "https"); its
// certificates last for months unless "short-lived".
func newEdge(t *testing.T, closed ...string) *edgeHost {
	t.Helper()
	if docker == nil {
		t.Skip("no Docker Engine; OPENALGO_E2E=require makes this a failure")
	}
	project := "oae2e" + strings.ToLower(rand.Text()[:8]) + "edge"
	h := &edgeHost{t: t, project: project, dir: filepath.Join(t.TempDir(), project), image: theCaddyImage(t),
		http: freePort(t), https: freePort(t), domain: strings.ToLower(rand.Text()[:8]) + ".algo.test"}
	h.pebble = startPebble(t, h.http, h.https, closed...)
	h.ca, h.root = h.pebble.url, h.pebble.rootFile
	t.Cleanup(func() { removeProject(t, project) })
	return h
}

// answers are those of an instance that this edge serves.
func (h *edgeHost) answers(domain string) string {
	return fmt.Sprintf(`domain: %s
tls:
  mode: auto
  email: me@example.com
  ca: %s
  ca_root: %s
  check_dns: false
  edge: {dir: %s, image: "%s", http: %d, https: %d}
`, domain, h.ca, h.root, h.dir, h.image, h.http, h.https)
}

// client speaks to the edge as a browser does that trusts the authority.
func (h *edgeHost) client() *http.Client {
	pool := x509.NewCertPool()
	if text, err := os.ReadFile(h.root); err == nil {
		pool.AppendCertsFromPEM(text)
	}
	return edgeClient(h.t, pool, h.https)
}

func edgeClient(t *testing.T, pool *x509.CertPool, port int) *http.Client {
	transport := &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "tcp", fmt.Sprintf("127.0.0.1:%d", port))
		},
		TLSClientConfig: &tls.Config{RootCAs: pool}, ForceAttemptHTTP2: true, MaxResponseHeaderBytes: 1 << 20,
	}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: 60 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// pebble is a certificate authority on loopback.
type pebble struct {
	url      string
	rootFile string
	dir      string
	manage   string
	client   *http.Client
}

// startPebble runs Pebble and the DNS server that it asks: every name is
// 127.0.0.1. What is closed ("http" or "https") it asks on a port where nobody
// listens.
func startPebble(t *testing.T, httpPort, httpsPort int, closed ...string) *pebble {
	t.Helper()
	server, dns := tool(t, "pebble"), tool(t, "pebble-challtestsrv")
	dir := t.TempDir()
	validity := 7776000
	for _, what := range closed {
		switch what {
		case "http":
			httpPort = freePort(t)
		case "https":
			httpsPort = freePort(t)
		case "short-lived":
			validity = 24 // seconds
		}
	}
	p := &pebble{dir: dir, rootFile: filepath.Join(dir, "roots.pem")}
	root := selfSigned(t, dir)
	listen, manage, dnsPort, dnsManage := freePort(t), freePort(t), freePort(t), freePort(t)
	p.url, p.manage = fmt.Sprintf("https://127.0.0.1:%d/dir", listen), fmt.Sprintf("https://127.0.0.1:%d", manage)
	config := map[string]any{"pebble": map[string]any{
		"listenAddress": fmt.Sprintf("127.0.0.1:%d", listen), "managementListenAddress": fmt.Sprintf("127.0.0.1:%d", manage),
		"certificate": filepath.Join(dir, "cert.pem"), "privateKey": filepath.Join(dir, "key.pem"),
		"httpPort": httpPort, "tlsPort": httpsPort, "ocspResponderURL": "",
		"profiles": map[string]any{"default": map[string]any{"description": "", "validityPeriod": validity}},
	}}
	text, _ := json.Marshal(config)
	if err := os.WriteFile(filepath.Join(dir, "pebble.json"), text, 0o600); err != nil {
		t.Fatal(err)
	}
	background(t, dns, "-defaultIPv4", "127.0.0.1", "-defaultIPv6", "", "-dnsserver", fmt.Sprintf("127.0.0.1:%d", dnsPort),
		"-management", fmt.Sprintf("127.0.0.1:%d", dnsManage), "-http01", "", "-https01", "", "-tlsalpn01", "", "-doh", "")
	background(t, server, "-config", filepath.Join(dir, "pebble.json"), "-dnsserver", fmt.Sprintf("127.0.0.1:%d", dnsPort))

	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(root)
	p.client = &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, DisableKeepAlives: true}, Timeout: 5 * time.Second}
	var issuer []byte
	eventually(t, "Pebble's root", func() bool {
		issuer = p.get("/roots/0")
		return bytes.Contains(issuer, []byte("CERTIFICATE"))
	})
	if err := os.WriteFile(p.rootFile, append(root, issuer...), 0o644); err != nil {
		t.Fatal(err)
	}
	return p
}

func (p *pebble) get(path string) []byte {
	res, err := p.client.Get(p.manage + path)
	if err != nil {
		return nil
	}
	defer res.Body.Close()
	body, _ := io.ReadAll(res.Body)
	return body
}

// background runs a program until the end of the test.
func background(t *testing.T, name string, args ...string) *exec.Cmd {
	t.Helper()
	var out bytes.Buffer
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), "PEBBLE_VA_NOSLEEP=1", "PEBBLE_WFE_NONCEREJECT=0", "PEBBLE_AUTHZREUSE=0")
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("%s said:\n%s", filepath.Base(name), out.String())
		}
	})
	return cmd
}

func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !done(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not in time: %s", what)
		}
	}
}

// selfSigned writes cert.pem and key.pem for 127.0.0.1 and returns what they lead to.
func selfSigned(t *testing.T, dir string) []byte {
	t.Helper()
	cert, key := certificate(t, certTemplate{ips: []net.IP{net.IPv4(127, 0, 0, 1)}, until: time.Now().Add(time.Hour)})
	for name, text := range map[string][]byte{"cert.pem": cert, "key.pem": key} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert
}

// certTemplate is what a test wants of a certificate.
type certTemplate struct {
	names       []string
	ips         []net.IP
	from, until time.Time
}

// certificate makes one that signs itself.
func certificate(t *testing.T, c certTemplate) (cert, key []byte) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if c.from.IsZero() {
		c.from = time.Now().Add(-time.Hour)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: "openalgo-install test"},
		NotBefore: c.from, NotAfter: c.until, DNSNames: c.names, IPAddresses: c.ips, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER})
}

// arrived is a request as the stand-in saw it, through the edge.
func arrived(t *testing.T, client *http.Client, req *http.Request) rehearsal.Request {
	t.Helper()
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, _ := io.ReadAll(res.Body)
	var seen rehearsal.Request
	if res.StatusCode != http.StatusOK || json.Unmarshal(body, &seen) != nil {
		t.Fatalf("%s answers %d:\n%s", req.URL, res.StatusCode, body)
	}
	return seen
}

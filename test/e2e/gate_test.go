package e2e_test

import (
	"bytes"
	"io"
	"io/fs"
	"net/http"
	"net/http/cookiejar"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/engine"
)

var gateAsks = regexp.MustCompile(`reverse_proxy @openalgo_stranger \S+`)

var setupLink = regexp.MustCompile(`https://[^/\s]+/openalgo-setup/([A-Z2-7]{26,})`)

// makeAccount is the first visit to a site that is closed to others: a stranger gets
// nowhere, the owner makes the account by the link, and the site is open to all.
func makeAccount(t *testing.T, i *instance, client *http.Client, domain string, said outcome) {
	t.Helper()
	m := setupLink.FindStringSubmatch(said.stdout)
	if m == nil {
		t.Fatalf("the result has no link: %s", said.all())
	}
	link, token := m[0], m[1]
	stranger := *client
	stranger.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	ask := func(c *http.Client, method, path, body string) (int, string, *http.Response) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), method, "https://"+domain+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		if body != "" {
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		res, err := c.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		text, _ := io.ReadAll(res.Body)
		return res.StatusCode, string(text), res
	}
	const form = "username=ravi&email=r%40example.com&password=Secret%231"
	for _, path := range []string{"/", "/login", "/setup", "//setup", "/%73etup", "/dashboard", "/auth/login", "/openalgo-setup/" + strings.Repeat("A", 26)} {
		if code, text, _ := ask(&stranger, http.MethodGet, path, ""); code != http.StatusForbidden && code != http.StatusNotFound || code == http.StatusForbidden && !strings.Contains(text, "not set up yet") {
			t.Errorf("a stranger at %s: %d %s", path, code, text)
		}
	}
	for _, path := range []string{"/setup", "/setup/", "//setup", "/./setup", "/%73etup", "/setup%0a"} {
		if code, text, _ := ask(&stranger, http.MethodPost, path, form); code != http.StatusForbidden {
			t.Errorf("a stranger posts to %s: %d %s", path, code, text)
		}
	}
	for _, path := range []string{"/auth/check-setup", "/api/v1/ping", "/static/x.js"} {
		if code, text, _ := ask(&stranger, http.MethodGet, path, ""); code != http.StatusOK || path == "/auth/check-setup" && !strings.Contains(text, "true") {
			t.Errorf("%s: %d %s", path, code, text)
		}
	}
	if out := i.run("status"); !strings.Contains(out.stdout, link) {
		t.Error(out.all())
	}
	if out := i.run("status", "--json"); strings.Contains(out.all(), token) || !strings.Contains(out.stdout, `"no_account": true`) {
		t.Error(out.all())
	}
	if out := i.run("doctor"); !strings.Contains(out.stdout, "no admin account") || strings.Contains(out.all(), token) {
		t.Error(out.all())
	}
	keepsToken(t, i, token)

	jar, _ := cookiejar.New(nil)
	owner := stranger
	owner.Jar = jar
	if code, _, res := ask(&owner, http.MethodGet, "/openalgo-setup/"+token, ""); code != http.StatusSeeOther || res.Header.Get("Location") != "/setup" ||
		!strings.Contains(res.Header.Get("Set-Cookie"), "; Secure; HttpOnly; SameSite=Lax") {
		t.Errorf("%d %v", code, res.Header)
	}
	if code, text, _ := ask(&owner, http.MethodGet, "/setup", ""); code != http.StatusOK {
		t.Errorf("the owner at /setup: %d %s", code, text)
	}
	if code, text, res := ask(&owner, http.MethodPost, "/setup", form); code != http.StatusFound || res.Header.Get("Location") != "/auth/login" {
		t.Errorf("the owner's form: %d %s", code, text)
	}
	for _, path := range []string{"/", "/login", "/setup"} { // at once, and for everybody
		if code, text, _ := ask(&stranger, http.MethodGet, path, ""); code != http.StatusOK {
			t.Errorf("anybody at %s: %d %s", path, code, text)
		}
	}
	if code, _, _ := ask(&stranger, http.MethodPost, "/setup", form); code != http.StatusFound {
		t.Errorf("a later form: %d", code)
	}
	if out := i.run("status"); strings.Contains(out.all(), token) {
		t.Error(out.all())
	}
}

// keepsToken requires the token to be in one file for root alone, and in no log.
func keepsToken(t *testing.T, i *instance, token string) {
	t.Helper()
	found := 0
	look := func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil || !bytes.Contains(text, []byte(token)) {
			return nil
		}
		found++
		if info, err := entry.Info(); err != nil || info.Mode().Perm() != 0o600 || !strings.Contains(path, "setup") {
			t.Errorf("the token is in %s, %v", path, info.Mode())
		}
		return nil
	}
	_ = filepath.WalkDir(i.dir, look)
	for _, c := range i.containersOfEdge() {
		var log bytes.Buffer
		_ = docker.Logs(t.Context(), c.ID, engine.LogOptions{}, &log, &log)
		if strings.Contains(log.String(), token) {
			t.Errorf("the token is in the log of %s", c.Name)
		}
	}
	if found > 1 {
		t.Errorf("%d files have the token", found)
	}
}

// containersOfEdge are the Caddys that serve this instance.
func (i *instance) containersOfEdge() []engine.Container {
	i.t.Helper()
	all, _ := docker.Containers(i.t.Context(), "com.docker.compose.service=caddy")
	return all
}

// With an account there is no lock, and the next run removes what is left of one.
func TestGateIsRemoved(t *testing.T) {
	t.Parallel()
	h := newEdge(t)
	i := newInstance(t)
	i.write("")
	i.install(0)
	i.addUser()
	i.write(h.answers(h.domain))
	if out := i.install(0); setupLink.MatchString(out.all()) {
		t.Error(out.all())
	}
	gates := func() (names []string) {
		names, _ = filepath.Glob(filepath.Join(h.dir, "caddy", "setup", "*"))
		return names
	}
	if got := gates(); len(got) > 0 {
		t.Errorf("closed with an account: %v", got)
	}
	res, err := h.client().Get("https://" + h.domain + "/")
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%v, %v", res, err)
	}
	_ = res.Body.Close()

	// Another domain on a second one, without an account; its account is made; a run later the gate is gone.
	second := newInstance(t)
	domain := "second-" + h.domain
	second.write(h.answers(domain))
	said := second.install(0)
	if len(gates()) != 1 || !setupLink.MatchString(said.stdout) {
		t.Fatalf("%v: %s", gates(), said.all())
	}
	before := second.container()
	closed, _ := os.ReadFile(gates()[0])
	web := strings.Fields(gateAsks.FindString(string(closed)))
	if len(web) != 3 {
		t.Fatalf("%s", closed)
	}
	if err := os.WriteFile(gates()[0], bytes.ReplaceAll(closed, []byte(web[2]), []byte("127.0.0.1:1")), 0o600); err != nil {
		t.Fatal(err)
	}
	if out := second.run("doctor"); !strings.Contains(out.stdout, "is for another port, or damaged") {
		t.Error(out.all())
	}
	second.install(0) // a gate that asks at another port does not stay
	if text, _ := os.ReadFile(gates()[0]); !bytes.Equal(text, closed) {
		t.Errorf("the gate is not as it was: %s", text)
	}
	second.addUser()
	if out := second.install(0); len(gates()) != 0 || setupLink.MatchString(out.all()) {
		t.Errorf("%v: %s", gates(), out.all())
	}
	if c := second.container(); c.ID != before.ID || !c.StartedAt.Equal(before.StartedAt) {
		t.Error("OpenAlgo was restarted for its gate")
	}
	if out := second.install(0); !strings.Contains(out.stdout, "Nothing to do") {
		t.Error(out.all())
	}
}

package e2e_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"
)

// served asks for the name over the edge; "" is yes.
func served(client *http.Client, domain string) string {
	res, err := client.Get("https://" + domain + "/auth/check-setup")
	if err != nil {
		return err.Error()
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return res.Status
	}
	return ""
}

func TestDomain(t *testing.T) {
	t.Parallel()
	h := newEdge(t)
	i := newInstance(t)
	i.write(h.answers(h.domain) + "env: {LOG_LEVEL: DEBUG}\n")
	i.install(0)
	i.addUser()
	keys, client, other := i.keys(), h.client(), "new-"+h.domain

	// A dry run tells all, and changes nothing.
	before := snapshot(t, i.dir)
	out := i.run("domain", other, "--dry-run")
	if out.code != 0 || !strings.Contains(out.stdout, other) || snapshot(t, i.dir) != before {
		t.Fatal(out.all())
	}
	out = i.run("domain", other, "--now")
	if out.code != 0 {
		t.Fatal(out.all())
	}
	out.mustTell(t, "the redirect URL must be changed to https://"+other+"/zerodha/callback")
	env := i.read(".env")
	for _, line := range []string{"https://" + other + "/zerodha/callback", "wss://" + other + "/ws", "CORS_ALLOWED_ORIGINS", "HOST_SERVER"} {
		if !strings.Contains(env, line) {
			t.Errorf("no %s in .env", line)
		}
	}
	for line := range strings.Lines(env) {
		if strings.Contains(strings.ReplaceAll(line, other, ""), h.domain) {
			t.Errorf("the former name is left in .env: %s", line)
		}
	}
	if !strings.Contains(env, canaryKey) || !strings.Contains(env, "LOG_LEVEL = 'DEBUG'") && !strings.Contains(env, "LOG_LEVEL='DEBUG'") {
		t.Error("credentials or settings are lost")
	}
	if i.keys() != keys {
		t.Error("keys changed")
	}
	if why := served(client, other); why != "" {
		t.Error(why)
	}
	if served(client, h.domain) == "" {
		t.Error("the former name is still served")
	}
	i.mustBeReady()
	if out := i.run("domain", other, "--now"); out.code != 0 || !strings.Contains(out.stdout, "Nothing to do") {
		t.Error(out.all())
	}

	// Back to this machine only.
	if out := i.run("domain", "--none", "--now"); out.code != 0 {
		t.Fatal(out.all())
	}
	if served(client, other) == "" {
		t.Error("the name is still served")
	}
	i.mustBeReady()
}

// When the authority refuses the new name, the previous one is served on, and
// OpenAlgo was never stopped.
func TestDomainRefused(t *testing.T) {
	t.Parallel()
	h := newEdge(t)
	i := newInstance(t)
	i.write(h.answers(h.domain))
	i.install(0)
	container, env := i.container(), i.read(".env")
	refuser := startPebble(t, freePort(t), freePort(t))
	out := i.run("domain", "new-"+h.domain, "--now", "--ca", refuser.url, "--ca-root", refuser.rootFile)
	if out.code != 4 {
		t.Fatal(out.all())
	}
	out.mustSay(t, "there is no certificate for new-"+h.domain, "Rolled back")
	if c := i.container(); c.ID != container.ID || !c.StartedAt.Equal(container.StartedAt) || i.read(".env") != env {
		t.Error("the container or .env is another one")
	}
	if why := served(h.client(), h.domain); why != "" {
		t.Error(why)
	}
	for _, wrong := range []string{"not a name", "https://x.example.com", "1.2.3.4"} {
		if out := i.run("domain", wrong, "--now"); out.code != 2 {
			t.Errorf("%q: %s", wrong, out.all())
		}
	}
	if out := newInstance(t).run("domain", "x.example.com"); out.code != 3 {
		t.Error(out.all())
	}
}

// Killed anywhere, the next command finishes or undoes it: one of the two
// names is served, whole.
func TestDomainKilled(t *testing.T) {
	t.Parallel()
	var edges sync.Map // of each instance
	fresh := func(t *testing.T) *instance {
		t.Helper()
		h, i := newEdge(t), newInstance(t)
		i.program = failing
		i.write(h.answers(h.domain))
		i.install(0)
		edges.Store(i.project, h)
		return i
	}
	inTurns(t, []string{"edge-placed", "edge-applied", "after-stop", "env-placed", "committing", "removed-old"}, fresh, func(i *instance, point string) {
		found, _ := edges.Load(i.project)
		h := found.(*edgeHost)
		inForce := func() (name, other string) {
			if second := "new-" + h.domain; strings.Contains(i.read(".env"), second) {
				return second, h.domain
			}
			return h.domain, "new-" + h.domain
		}
		keys := i.keys()
		_, next := inForce()
		i.kill(point, "domain", next, "--now")
		if out := i.run("start"); out.code != 0 {
			i.t.Fatal(out.all())
		}
		client := h.client()
		name, other := inForce()
		if why, still := served(client, name), served(client, other); why != "" || still == "" {
			i.t.Errorf("%s is in force: %s; %s: %s", name, why, other, still)
		}
		if i.keys() != keys {
			i.t.Error("keys changed")
		}
		i.mustBeReady()
	})
}

func TestMCP(t *testing.T) {
	t.Parallel()
	h := newEdge(t)
	i := newInstance(t)
	i.write("")
	i.install(0)
	if out := i.run("mcp", "on", "--now"); out.code != 2 {
		t.Error(out.all())
	} else {
		out.mustSay(t, "domain algo.example.com")
	}
	i.write(h.answers(h.domain))
	i.install(0)
	out := i.run("mcp", "on", "--now")
	if out.code != 0 {
		t.Fatal(out.all())
	}
	out.mustTell(t, "https://"+h.domain+"/mcp", "they can look, not trade", "after you approve each client")
	env := i.read(".env")
	for _, want := range []string{"MCP_HTTP_ENABLED", "MCP_PUBLIC_URL", "https://" + h.domain} {
		if !strings.Contains(env, want) {
			t.Errorf("no %s in .env", want)
		}
	}
	if out := i.run("mcp", "on", "--write-orders", "--no-approval", "--now"); out.code != 0 {
		t.Error(out.all())
	} else {
		out.mustTell(t, "trade with your money", "without your approval")
	}
	if out := i.run("mcp", "off", "--now"); out.code != 0 {
		t.Error(out.all())
	}

	// A proxy that forbids hidden files: 403 is no success.
	i.write(h.answers(h.domain) + "env: {OPENALGO_REHEARSAL_MCP: \"403\"}\n")
	i.install(0)
	before := i.container().ID
	out = i.run("mcp", "on", "--now")
	if out.code != 4 {
		t.Fatal(out.all())
	}
	out.mustSay(t, "answers 403", "Rolled back")
	if i.container().ID != before {
		t.Error("the container is another one")
	}
}

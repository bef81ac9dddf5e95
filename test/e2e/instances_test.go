package e2e_test

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/rehearsal"
)

// named is a further instance beside i, in DIR-NAME.
func (i *instance) named(name string) *instance {
	other := *i
	other.dir, other.project = i.dir+"-"+name, i.project+"-"+name
	i.t.Cleanup(func() { removeProject(i.t, other.project) })
	return &other
}

// writeAll makes an answers file with a list of instances behind one edge.
func (i *instance) writeAll(h *edgeHost, names []string, more string) {
	i.t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "version: 1\nbroker: {name: zerodha, api_key: %s, api_secret: %s}\nimage: {source: rehearsal}\n", canaryKey, canarySecret)
	b.WriteString(strings.SplitN(h.answers("x"), "\n", 2)[1] + more + "instances:\n")
	for _, name := range names {
		fmt.Fprintf(&b, "  - {name: %s, domain: %s-%s, ports: {web: %d, websocket: %d}}\n", name, name, h.domain, freePort(i.t), freePort(i.t))
	}
	if err := os.WriteFile(i.answers, []byte(b.String()), 0o600); err != nil {
		i.t.Fatal(err)
	}
}

// stands is what of an instance nobody else may move.
func (i *instance) stands() string {
	i.t.Helper()
	c := i.container()
	return fmt.Sprint(c.ID, c.StartedAt, c.RestartCount, i.read(".env"), i.read("docker-compose.yaml"))
}

// Ten in one run: each reachable by its name, and none moved by what happens
// to another.
func TestTenInstances(t *testing.T) {
	t.Parallel()
	h := newEdge(t)
	i := newInstance(t)
	names := []string{"one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"}
	var all []*instance
	for _, name := range names {
		all = append(all, i.named(name))
	}
	i.writeAll(h, names[:9], "")
	out := i.run("--json", "--answers", i.answers)
	if out.code != 0 {
		t.Fatal(out.all())
	}
	lines := strings.Split(strings.TrimSpace(out.stdout), "\n")
	var last struct {
		Type, Message string
		OK            bool
	}
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &last); err != nil || last.Type != "result" || !last.OK || strings.Count(last.Message, "ready at https://") != 9 {
		t.Fatalf("%v: %s", err, lines[len(lines)-1])
	}
	if !strings.Contains(out.stdout, `"instance":"nine"`) {
		t.Error("the events do not say whose they are")
	}
	client := h.client()
	ports, before := map[string]bool{}, map[*instance]string{}
	for n, one := range all[:9] {
		if why := served(client, names[n]+"-"+h.domain); why != "" {
			t.Errorf("%s: %s", names[n], why)
		}
		before[one] = one.stands()
		for _, p := range one.container().Ports {
			if key := fmt.Sprint(p.HostPort); ports[key] {
				t.Errorf("%s has the port %s, too", names[n], key)
			} else {
				ports[key] = true
			}
		}
		for _, cookie := range []string{"session_", "csrf_token_"} {
			if !strings.Contains(one.read(".env"), cookie+strings.ReplaceAll(one.project, "-", "_")) {
				t.Errorf("%s has no %s of its own", names[n], cookie)
			}
		}
	}
	untouched := func(what string, but ...*instance) {
		t.Helper()
		for one, was := range before {
			skip := false
			for _, b := range but {
				skip = skip || b == one
			}
			if !skip && one.stands() != was {
				t.Errorf("%s moved %s", what, one.project)
			}
		}
	}

	// The tenth by --instance, with answers of its own.
	tenth := all[9]
	i.write(h.answers("ten-" + h.domain))
	if out := i.run("--instance", "ten", "--answers", i.answers); out.code != 0 {
		t.Fatal(out.all())
	}
	untouched("an install")
	before[tenth] = tenth.stands()
	if out := i.run("--instance", "ten", "--answers", i.answers); out.code != 0 || !strings.Contains(out.stdout, "Nothing to do") {
		t.Error(out.all())
	}
	if out := i.run("--instance", "two", "resize", "--ram", "64GB", "--now", "--yes"); out.code != 0 {
		t.Error(out.all())
	}
	untouched("a resize", all[1])
	before[all[1]] = all[1].stands()
	if out := i.run("--instance", "three", "domain", "drei-"+h.domain, "--now"); out.code != 0 {
		t.Error(out.all())
	}
	untouched("a change of domain", all[2])
	before[all[2]] = all[2].stands()
	if out := i.run("--instance", "four", "uninstall", "--yes", "--purge="+all[3].project); out.code != 0 {
		t.Error(out.all())
	}
	delete(before, all[3])
	untouched("an uninstall")

	out = all[0].run("status")
	if out.code != 0 || !strings.Contains(out.stdout, "one-"+h.domain) || !strings.Contains(out.stdout, "certificate until") {
		t.Error(out.all())
	}
	for n, name := range map[int]string{0: "one", 2: "drei", 9: "ten"} {
		if why := served(client, name+"-"+h.domain); why != "" {
			t.Errorf("%d: %s", n, why)
		}
	}
	// A domain that another instance has, and a directory whose name is taken.
	i.writeAll(h, []string{"eleven"}, "")
	text, _ := os.ReadFile(i.answers)
	if err := os.WriteFile(i.answers, []byte(strings.Replace(string(text), "eleven-"+h.domain, "one-"+h.domain, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	i.named("eleven")
	if out := i.run("--answers", i.answers); out.code != 3 {
		t.Error(out.all())
	} else {
		out.mustTell(t, "one-"+h.domain+" is already served for "+all[0].project)
	}
	untouched("a refused install")
}

// One of a list that fails is undone, and the others are there. Not beside
// other tests: these take free ports from 5000 on.
func TestInstancesOneFails(t *testing.T) {
	i := newInstance(t)
	good, bad, last := i.named("good"), i.named("bad"), i.named("last")
	text := fmt.Sprintf(`version: 1
broker: {name: zerodha, api_key: %s, api_secret: %s}
image: {source: rehearsal}
instances:
  - {name: good}
  - {name: bad, env: {OPENALGO_REHEARSAL_FAIL: exit}}
  - {name: last}
`, canaryKey, canarySecret)
	if err := os.WriteFile(i.answers, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	out := i.run("--answers", i.answers)
	if out.code != 4 {
		t.Fatalf("exit %d\n%s", out.code, out.all())
	}
	out.mustTell(t, "good: OpenAlgo is ready", "bad: FAILED (exit 4)", "last: OpenAlgo is ready")
	if len(bad.containers()) != 0 {
		t.Error("what failed is left running")
	}
	var ports [2][]engine.PortBinding
	for n, one := range []*instance{good, last} {
		one.mustBeReady()
		ports[n] = one.container().Ports
	}
	if ports[0][0].HostPort == ports[1][0].HostPort {
		t.Error("two of them have one port")
	}
	// The ports that were found are kept, whatever else is free by now.
	before := last.stands()
	if out := good.run("uninstall", "--yes", "--purge="+good.project); out.code != 0 {
		t.Error(out.all())
	}
	text = strings.Replace(text, "  - {name: good}\n  - {name: bad, env: {OPENALGO_REHEARSAL_FAIL: exit}}\n", "", 1)
	if err := os.WriteFile(i.answers, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if out := i.run("--answers", i.answers); out.code != 0 || last.stands() != before {
		t.Error(out.all())
	}
	for _, wrong := range []string{"Big", "a b", "-x", "../x"} {
		if out := i.run("--instance", wrong, "status"); out.code != 2 {
			t.Errorf("%q: %s", wrong, out.all())
		}
	}
}

// A container of somebody else on the edge's port is named, and left alone.
func TestEdgePortTaken(t *testing.T) {
	t.Parallel()
	h := newEdge(t)
	other := newInstance(t)
	other.web = h.http
	other.write("")
	other.install(0)
	before := other.stands()
	i := newInstance(t)
	i.write(h.answers(h.domain))
	i.install(3).mustSay(t, fmt.Sprintf("port %d, which HTTPS needs, is taken by the container %s-web", h.http, other.project))
	if other.stands() != before {
		t.Error("the other one was moved")
	}
	if len(i.containers()) > 0 {
		t.Error("something was made")
	}
}

// What runs inside the container calls OpenAlgo by the address that browsers use.
func TestReachesItselfFromInside(t *testing.T) {
	t.Parallel()
	i := newInstance(t)
	i.install(0)
	before := i.container().ID
	var inside rehearsal.Inside
	if err := json.Unmarshal([]byte(i.get("/rehearsal/inside")), &inside); err != nil || !inside.Answers || inside.HostServer != fmt.Sprintf("http://127.0.0.1:%d", i.web) {
		t.Errorf("%v: %+v", err, inside)
	}
	dockerCompose(t, i.dir, "up", "-d")
	if i.container().ID != before {
		t.Error("docker compose up -d recreated the container")
	}
	if again := i.install(0); !strings.Contains(again.stdout, "Nothing to do") {
		t.Error(again.all())
	}
}

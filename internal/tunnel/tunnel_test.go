package tunnel

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/answers"
)

var ports = answers.Ports{Web: 5001, WebSocket: 8766, Bind: "127.0.0.1"}

func TestCommand(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		way  Way
		want string
	}{
		{Way{User: "root", Host: "203.0.113.7", Port: 22}, "ssh -N -L 5001:127.0.0.1:5001 -L 8766:127.0.0.1:8766 root@203.0.113.7"},
		{Way{User: "ubuntu", Host: "2001:db8::7", Port: 2222}, "ssh -N -L 5001:127.0.0.1:5001 -L 8766:127.0.0.1:8766 -p 2222 ubuntu@2001:db8::7"},
		{Way{}, "ssh -N -L 5001:127.0.0.1:5001 -L 8766:127.0.0.1:8766 USER@SERVER"},
	} {
		if got := c.way.Command(ports); got != c.want {
			t.Errorf("%+v: %s", c.way, got)
		}
	}
	at := ports
	at.Bind = "::"
	if got := (Way{}).Command(at); !strings.Contains(got, "-L 5001:[::1]:5001") {
		t.Error(got)
	}
}

func TestLines(t *testing.T) {
	t.Parallel()
	text := strings.Join(Way{User: "root", Host: "203.0.113.7"}.Lines(ports), "\n")
	for _, want := range []string{"On your own computer", "   ssh -N -L 5001:", "   ssh -i KEYFILE -N -L 5001:", "the prompt does not come back", "open http://127.0.0.1:5001 in the browser"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if strings.Contains(text, anyHost) {
		t.Errorf("a placeholder:\n%s", text)
	}
	if text := strings.Join(Way{User: "root"}.Lines(ports), "\n"); !strings.Contains(text, "SERVER is the address that you log in to.") {
		t.Error(text)
	}
}

func TestReachable(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ server, client, public, want string }{
		{"203.0.113.7", "198.51.100.4", "", "203.0.113.7"},
		{"203.0.113.7", "10.0.0.4", "198.51.100.9", "203.0.113.7"},
		{"10.0.0.7", "198.51.100.4", "203.0.113.9", "203.0.113.9"}, // a cloud that translates addresses
		{"10.0.0.7", "198.51.100.4", "", ""},
		{"10.0.0.7", "10.0.0.4", "203.0.113.9", "10.0.0.7"}, // one network
		{"100.64.1.7", "198.51.100.4", "", ""},
		{"::ffff:203.0.113.7", "::ffff:198.51.100.4", "", "203.0.113.7"},
		{"fe80::1%eth0", "fe80::2%eth0", "", ""},
	} {
		var public netip.Addr
		if c.public != "" {
			public = netip.MustParseAddr(c.public)
		}
		if got := reachable(netip.MustParseAddr(c.server), netip.MustParseAddr(c.client), public); got != c.want {
			t.Errorf("%+v: %q", c, got)
		}
	}
}

// processes is a /proc with a chain of processes, the innermost first; each has
// its variables.
func processes(t *testing.T, chain ...[]string) session {
	t.Helper()
	proc := t.TempDir()
	for n, env := range chain {
		dir := filepath.Join(proc, strconv.Itoa(100+n))
		parent := 101 + n
		if n == len(chain)-1 {
			parent = 0
		}
		for name, text := range map[string]string{
			"environ": strings.Join(env, "\x00") + "\x00", "status": fmt.Sprintf("Name:\tsh\nPPid:\t%d\nUid:\t%d\t0\t0\t0\n", parent, 1000+n),
		} {
			if err := os.MkdirAll(dir, 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	return session{proc: proc, pid: 100, lookUp: func(uid string) string { return "user" + uid }}
}

func TestFindWhoLoggedIn(t *testing.T) {
	t.Parallel()
	const from = "SSH_CONNECTION=198.51.100.4 50000 203.0.113.7 2222"
	known := Way{User: "ubuntu", Host: "203.0.113.7", Port: 2222}
	for name, c := range map[string]struct {
		chain [][]string
		want  Way
	}{
		"the shell of a login":         {[][]string{{from, "USER=ubuntu"}, {from, "USER=ubuntu"}, {"LANG=C"}}, known},
		"under sudo":                   {[][]string{{"SUDO_USER=ubuntu", "USER=root"}, {from, "USER=ubuntu"}, {from, "USER=ubuntu"}, {}}, known},
		"under su, which keeps some":   {[][]string{{from, "USER=root"}, {from, "USER=root"}, {from, "USER=ubuntu"}, {}}, known},
		"a shell that names nobody":    {[][]string{{}, {from}}, Way{User: "user1001", Host: "203.0.113.7", Port: 2222}},
		"a name that is a command":     {[][]string{{from, "USER=$(reboot)"}}, Way{User: "user1000", Host: "203.0.113.7", Port: 2222}},
		"an address that is a command": {[][]string{{"SSH_CONNECTION=1 2 $(reboot) 22", "USER=ubuntu"}}, Way{}},
		"no login over SSH":            {[][]string{{"USER=root"}, {}}, Way{}},
	} {
		if got := processes(t, c.chain...).find(netip.Addr{}); got != c.want {
			t.Errorf("%s: %+v", name, got)
		}
	}
	nat := processes(t, []string{"SSH_CONNECTION=198.51.100.4 50000 10.0.0.7 22", "USER=ubuntu"})
	if got := nat.find(netip.MustParseAddr("203.0.113.9")); got.Host != "203.0.113.9" {
		t.Errorf("behind a cloud's network: %+v", got)
	}
}

// A chain that leads round in a circle ends.
func TestFindEnds(t *testing.T) {
	t.Parallel()
	s := processes(t, []string{"A=b"})
	if err := os.WriteFile(s.file(100, "status"), []byte("PPid:\t100\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := s.find(netip.Addr{}); got != (Way{}) {
		t.Errorf("%+v", got)
	}
}

func TestFindHere(t *testing.T) {
	t.Parallel()
	if w := Find(netip.Addr{}); slices.Contains([]string{"", anyUser}, w.User) {
		t.Errorf("nobody runs this test: %+v", w)
	}
}

// Docker may run on another computer, and the tunnel leads there.
func TestTo(t *testing.T) {
	t.Parallel()
	for docker, want := range map[string]Way{
		"ssh://trader@vps.example": {User: "trader", Host: "vps.example"}, "ssh://trader@vps.example:2222": {User: "trader", Host: "vps.example", Port: 2222},
		"tcp://198.51.100.4:2376": {Host: "198.51.100.4"}, "https://docker.example:2376": {Host: "docker.example"}, "tcp://[2001:db8::4]:2376": {Host: "2001:db8::4"},
		"ssh://a;b@vps.example": {Host: "vps.example"}, "ssh://vps.example": {Host: "vps.example"},
		"unix:///var/run/docker.sock": {}, "tcp://127.0.0.1:2375": {}, "tcp://localhost:2375": {}, "npipe:////./pipe/docker": {}, "": {}, "ssh://-oProxyCommand=x": {}, "tcp://": {},
	} {
		got, elsewhere := To(docker)
		if got != want || elsewhere != (want != Way{}) {
			t.Errorf("%q: %+v, %v", docker, got, elsewhere)
		}
	}
	mine, known := netip.MustParseAddr("203.0.113.7"), Way{Host: "198.51.100.4"}
	if got := (Way{}).Or(mine).Host; got != "203.0.113.7" {
		t.Errorf("%q", got)
	}
	if known.Or(mine) != known || (Way{}).Or(netip.Addr{}) != (Way{}) {
		t.Error("what is known does not stay")
	}
}

package host_test

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/host"
)

func TestDisk(t *testing.T) {
	dir := t.TempDir()
	d, err := host.Disk(filepath.Join(dir, "not", "there", "yet"))
	if err != nil || d.Path != dir || d.TotalMiB < 1 || d.FreeMiB > d.TotalMiB {
		t.Errorf("%+v, %v", d, err)
	}
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := host.Disk(filepath.Join(file, "below")); err == nil || !strings.Contains(err.Error(), "is a file") {
		t.Error(err)
	}
}

func TestDirWritable(t *testing.T) {
	dir := t.TempDir()
	if err := host.DirWritable(filepath.Join(dir, "new", "one")); err != nil {
		t.Error(err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 0 {
		t.Error("it wrote to find out:", entries, err)
	}
	if err := host.DirWritable("/proc/sys"); err == nil && os.Geteuid() != 0 {
		t.Error("/proc/sys is writable for a user")
	}
	if os.Geteuid() == 0 {
		return // root may write everywhere
	}
	if err := os.Chmod(dir, 0o500); err != nil {
		t.Fatal(err)
	}
	if err := host.DirWritable(dir); !errors.Is(err, fs.ErrPermission) || !strings.Contains(err.Error(), "sudo") {
		t.Error(err)
	}
}

func TestPortHolder(t *testing.T) {
	for name, c := range map[string]struct{ listen, bind string }{
		"the same address":         {"127.0.0.1", "127.0.0.1"},
		"all IPv4 against one":     {"0.0.0.0", "127.0.0.1"},
		"one against all IPv4":     {"127.0.0.1", "0.0.0.0"},
		"both families against v4": {"", "127.0.0.1"},
		"one against everything":   {"127.0.0.1", ""},
	} {
		t.Run(name, func(t *testing.T) {
			network := "tcp4"
			if c.listen == "" {
				network = "tcp"
			}
			listener, err := net.Listen(network, net.JoinHostPort(c.listen, "0"))
			if err != nil {
				t.Fatal(err)
			}
			defer listener.Close()
			port := listener.Addr().(*net.TCPAddr).Port
			h, err := host.PortHolder(t.Context(), c.bind, port)
			if err != nil {
				t.Fatal(err)
			}
			if h.Free || h.PID != os.Getpid() || !strings.HasPrefix(h.String(), h.Process+" (pid ") || h.Address == "" {
				t.Errorf("%+v: %s", h, h)
			}
		})
	}
}

func TestPortHolderFree(t *testing.T) {
	port, err := host.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	h, err := host.PortHolder(t.Context(), "127.0.0.1", port)
	if err != nil || !h.Free {
		t.Errorf("%+v, %v", h, err)
	}
	if _, err := host.PortHolder(t.Context(), "192.0.2.1", port); err == nil || !strings.Contains(err.Error(), "not have the address 192.0.2.1") {
		t.Error(err)
	}
	if _, err := host.PortHolder(t.Context(), "", 70000); err == nil {
		t.Error("port 70000 was accepted")
	}
}

func TestHolderInWords(t *testing.T) {
	for want, h := range map[string]host.Holder{
		"nginx (pid 812) on 0.0.0.0:443":                                         {PID: 812, Process: "nginx", Address: "0.0.0.0:443"},
		"a container (docker-proxy, pid 9; docker ps shows which) on 0.0.0.0:80": {PID: 9, Process: "docker-proxy", Address: "0.0.0.0:80"},
		"another process (run as root to see which) on 127.0.0.1:5000":           {Process: "another process (run as root to see which)", Address: "127.0.0.1:5000"},
		"nobody": {Free: true},
	} {
		if got := h.String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func addrs(texts ...string) []netip.Addr {
	var all []netip.Addr
	for _, text := range texts {
		all = append(all, netip.MustParseAddr(text))
	}
	return all
}

func TestJudgeDNS(t *testing.T) {
	server := addrs("198.51.100.7", "172.17.0.1", "2001:db8::7")
	v4Only := addrs("198.51.100.7", "172.17.0.1")
	for name, c := range map[string]struct {
		found, here   []netip.Addr
		match, judged bool
		says          []string
	}{
		"right":                  {addrs("198.51.100.7"), server, true, true, nil},
		"right in both families": {addrs("198.51.100.7", "2001:db8::7"), server, true, true, nil},
		"right, mapped":          {addrs("::ffff:198.51.100.7"), v4Only, true, true, nil},
		"none":                   {nil, server, false, true, []string{"no DNS record yet", "A record", "198.51.100.7"}},
		"none, behind NAT":       {nil, addrs("10.0.0.5"), false, true, []string{"your provider shows"}},
		"another server":         {addrs("203.0.113.9"), server, false, true, []string{"points to 203.0.113.9", "this machine has 198.51.100.7"}},
		"one of two is another":  {addrs("198.51.100.7", "203.0.113.9"), server, false, true, []string{"203.0.113.9", "only"}},
		"stale AAAA":             {addrs("198.51.100.7", "2001:db8::99"), server, false, true, []string{"2001:db8::99", "2001:db8::7", "IPv6 first"}},
		"AAAA on a v4 host":      {addrs("198.51.100.7", "2001:db8::99"), v4Only, false, true, []string{"no public IPv6", "remove"}},
		"behind NAT":             {addrs("203.0.113.9"), addrs("10.0.0.5"), false, false, []string{"behind a router", "10.0.0.5", "203.0.113.9"}},
		"behind carrier NAT":     {addrs("203.0.113.9"), addrs("100.64.3.4"), false, false, []string{"behind a router"}},
		"Cloudflare":             {addrs("104.21.5.6", "2606:4700:3030::1"), server, false, false, []string{"Cloudflare", "DNS only"}},
		"loopback from hosts":    {addrs("127.0.1.1"), server, false, true, []string{"/etc/hosts", "198.51.100.7"}},
		"private address":        {addrs("192.168.1.4"), addrs("192.168.1.4"), false, true, []string{"only this machine or its network"}},
		"IPv6-only host":         {addrs("2001:db8::7"), addrs("2001:db8::7"), true, true, nil},
	} {
		t.Run(name, func(t *testing.T) {
			r := host.JudgeDNS("algo.example.com", c.found, c.here)
			if r.Match != c.match || r.Judged != c.judged || r.Match != (r.Problem == "") {
				t.Errorf("%+v", r)
			}
			for _, word := range c.says {
				if !strings.Contains(r.Problem, word) {
					t.Errorf("%q lacks %q", r.Problem, word)
				}
			}
		})
	}
}

type resolver func(name string) ([]netip.Addr, error)

func (f resolver) LookupNetIP(_ context.Context, _, name string) ([]netip.Addr, error) {
	return f(name)
}

func TestCheckDNS(t *testing.T) {
	asked := ""
	r := host.CheckDNS(t.Context(), "algo.example.com", resolver(func(name string) ([]netip.Addr, error) {
		asked = name
		return addrs("172.67.1.2"), nil
	}))
	if !r.Cloudflare || len(r.A) != 1 || asked != "algo.example.com." {
		t.Errorf("%+v, asked %q", r, asked)
	}
	r = host.CheckDNS(t.Context(), "algo.example.com", resolver(func(string) ([]netip.Addr, error) {
		return nil, &net.DNSError{Err: "no such host", IsNotFound: true}
	}))
	if !r.Judged || !strings.Contains(r.Problem, "no DNS record yet") {
		t.Errorf("%+v", r)
	}
	r = host.CheckDNS(t.Context(), "algo.example.com", resolver(func(string) ([]netip.Addr, error) {
		return nil, &net.DNSError{Err: "i/o timeout", IsTimeout: true}
	}))
	if r.Judged || r.Match || !strings.Contains(r.Problem, "resolv.conf") {
		t.Errorf("%+v", r)
	}
}

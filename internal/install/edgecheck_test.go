package install

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/edge"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/host"
	"github.com/marketcalls/openalgo-install/internal/instance"
)

// names answers for every name with these addresses.
type names []string

func (n names) LookupNetIP(context.Context, string, string) ([]netip.Addr, error) {
	var out []netip.Addr
	for _, text := range n {
		out = append(out, netip.MustParseAddr(text))
	}
	if len(out) == 0 {
		return nil, &net.DNSError{IsNotFound: true}
	}
	return out, nil
}

func TestPreflightDomain(t *testing.T) {
	for name, test := range map[string]struct {
		addresses  names
		tls        answers.TLS
		refused    string
		warned     string
		cloudflare bool
	}{
		"no address":           {nil, answers.TLS{Mode: "auto", CheckDNS: true}, "has no address yet", "", false},
		"no address, own word": {nil, answers.TLS{Mode: "auto"}, "", "", false},
		"a private address":    {names{"10.1.2.3"}, answers.TLS{Mode: "auto", CheckDNS: true}, "check_dns: false", "", false},
		"own certificate":      {names{"10.1.2.3"}, answers.TLS{Mode: "files", CheckDNS: true}, "", "only this machine or its own network", false},
		"Cloudflare":           {names{"104.16.1.1"}, answers.TLS{Mode: "auto", CheckDNS: true}, "", "cloudflare: true", true},
		"Cloudflare, wanted":   {names{"104.16.1.1"}, answers.TLS{Mode: "auto", CheckDNS: true, Cloudflare: true}, "", "", true},
	} {
		t.Run(name, func(t *testing.T) {
			in := &Installer{Resolver: test.addresses}
			p := &Plan{answers: answers.Answers{Domain: "algo.example.com", TLS: test.tls}, edge: &edgePlan{state: instance.Edge{Kind: edge.KindCaddy, HTTP: 80, HTTPS: 443}}}
			var problems []string
			in.preflightDomain(t.Context(), p, func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) })
			check := func(what string, got []string, want string) {
				all := strings.Join(got, "\n")
				if want == "" && all != "" || !strings.Contains(all, want) {
					t.Errorf("%s: %q, want %q", what, all, want)
				}
			}
			check("problems", problems, test.refused)
			check("warnings", p.Warnings, test.warned)
		})
	}
}

// A word of our own is asked for by the name: who answers with another one is
// told, and who does not answer, too.
func TestPreflightReach(t *testing.T) {
	port, err := host.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	warned := func(domain string) string {
		in := &Installer{}
		p := &Plan{answers: answers.Answers{Domain: domain}, edge: &edgePlan{front: &edge.Caddy{}, state: instance.Edge{Kind: edge.KindCaddy, HTTP: port, HTTPS: 443}}}
		in.preflightReach(t.Context(), p)
		return strings.Join(p.Warnings, "\n")
	}
	if got := warned(fmt.Sprintf("localhost:%d", port)); got != "" {
		t.Errorf("reached: %q", got)
	}
	other, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	go func() {
		for {
			conn, err := other.Accept()
			if err != nil {
				return
			}
			_, _ = http.ReadRequest(bufio.NewReader(conn)) // an answer before the question is none
			fmt.Fprint(conn, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nrouter")
			_ = conn.Close()
		}
	}()
	if got := warned(other.Addr().String()); !strings.Contains(got, "something else than this host") {
		t.Errorf("another's answer: %q", got)
	}
	_ = other.Close()
	if got := warned(other.Addr().String()); !strings.Contains(got, "no hairpin NAT") {
		t.Errorf("no answer: %q", got)
	}
}

func TestRefusals(t *testing.T) {
	in := &Installer{dir: instance.Dir(t.TempDir())}
	if _, err := in.dir.Create(); err != nil {
		t.Fatal(err)
	}
	plan := func(ca, trial string) (string, error) {
		p := &Plan{edge: &edgePlan{}}
		err := in.planTrial(p, answers.Answers{Domain: "algo.example.com", TLS: answers.TLS{CA: ca, CATrial: trial}})
		return p.edge.trial, err
	}
	if trial, err := plan("", ""); trial != "" || err != nil {
		t.Error(trial, err)
	}
	in.noteRefusal("other.example.com")
	if trial, err := plan("", ""); trial != "" || err != nil {
		t.Error(trial, err)
	}
	in.noteRefusal("algo.example.com")
	for ca, want := range map[string]string{"": letsEncryptStaging, "https://ca.example.com": ""} {
		if trial, err := plan(ca, ""); trial != want || err != nil {
			t.Error(ca, trial, err)
		}
	}
	for range refusalsAnHour {
		in.noteRefusal("algo.example.com")
	}
	if _, err := plan("", ""); finding.KindOf(err) != finding.HostNotReady || !strings.Contains(err.Error(), "takes no more before") {
		t.Error(err)
	}
	if _, err := plan("https://ca.example.com", ""); err != nil {
		t.Error(err)
	}
	if n := len(in.refusals("algo.example.com", time.Now().Add(time.Minute))); n != 0 {
		t.Error(n)
	}
}

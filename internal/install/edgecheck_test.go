package install

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/host"
	"github.com/marketcalls/openalgo-install/internal/instance"
)

// A word of our own is asked for by the name: who answers with another one is
// told, and who does not answer, too.
func TestReach(t *testing.T) {
	port, err := host.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	asked := func(domain string) reachSeen { return reach(t.Context(), domain, port) }
	if got := asked(fmt.Sprintf("localhost:%d", port)); got != reachesHere {
		t.Errorf("reached: %d", got)
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
	if got := asked(other.Addr().String()); got != reachesOther {
		t.Errorf("another's answer: %d", got)
	}
	_ = other.Close()
	if got := asked(other.Addr().String()); got != unreached {
		t.Errorf("no answer: %d", got)
	}
}

func TestRefusals(t *testing.T) {
	in := &Installer{dir: instance.Dir(t.TempDir())}
	if _, err := in.dir.Create(); err != nil {
		t.Fatal(err)
	}
	plan := func(ca, trial string) (string, error) {
		o, p := &observed{Now: time.Now()}, &Plan{edge: &edgePlan{}, answers: answers.Answers{Domain: "algo.example.com", TLS: answers.TLS{CA: ca, CATrial: trial}}}
		o.Edge.Refused = in.refusals(p.answers.Domain, o.Now.Add(-refusalsCount))
		err := planTrial(o, p)
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

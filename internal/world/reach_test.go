package world

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/host"
)

// A word of our own is asked for by the name: who answers with another one is
// told, and who does not answer, too.
func TestReach(t *testing.T) {
	port, err := host.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	asked := func(domain string) Reach { return reach(t.Context(), domain, port) }
	if got := asked(fmt.Sprintf("localhost:%d", port)); got != ReachesHere {
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
	if got := asked(other.Addr().String()); got != ReachesOther {
		t.Errorf("another's answer: %d", got)
	}
	_ = other.Close()
	if got := asked(other.Addr().String()); got != Unreached {
		t.Errorf("no answer: %d", got)
	}
}

package later

import (
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/marketcalls/openalgo-install/internal/event"
)

// A run of the schedule tells systemd that it moves, once a minute.
func TestExtending(t *testing.T) {
	t.Parallel()
	at := filepath.Join(t.TempDir(), "notify")
	socket, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: at, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	passed := 0
	r := Extending(event.ReporterFunc(func(event.Event) { passed++ }), at)
	r.Report(event.Event{Type: event.TypeNote})
	for range 3 {
		r.Report(event.Event{Type: event.TypeProgress})
	}
	text := make([]byte, 100)
	_ = socket.SetReadDeadline(time.Now().Add(10 * time.Second))
	n, err := socket.Read(text)
	if err != nil || passed != 4 || !strings.HasPrefix(string(text[:n]), "EXTEND_TIMEOUT_USEC=") {
		t.Errorf("%d events, %q, %v", passed, text[:n], err)
	}
	_ = socket.SetReadDeadline(time.Now())
	if n, err := socket.Read(text); err == nil {
		t.Errorf("told again: %q", text[:n])
	}
	if unit := (Job{Dir: "/opt/openalgo", Project: "x"}).units()[0].text; !strings.Contains(unit, "TimeoutStartSec=3h\nNotifyAccess=main\n") {
		t.Error(unit)
	}
}

package later

import (
	"net"
	"strings"
	"sync"
	"time"

	"github.com/marketcalls/openalgo-install/internal/event"
)

// How long systemd waits for a run of the schedule that moves nothing, and how often it
// is told that something moved.
const (
	extendBy    = "EXTEND_TIMEOUT_USEC=10800000000" // 3 h, as the unit says
	extendEvery = time.Minute
)

// Extending passes events on, and tells systemd while something moves: a long copy on a
// slow line is not cut off, and one that hangs is. socket is what systemd names in
// NOTIFY_SOCKET; "" is none.
func Extending(to event.Reporter, socket string) event.Reporter {
	if socket == "" {
		return to
	}
	var lock sync.Mutex
	var told time.Time
	return event.ReporterFunc(func(e event.Event) {
		to.Report(e)
		lock.Lock()
		defer lock.Unlock()
		if e.Type != event.TypeProgress || time.Since(told) < extendEvery {
			return
		}
		told = time.Now()
		if name, abstract := strings.CutPrefix(socket, "@"); abstract {
			socket = "\x00" + name
		}
		if line, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: socket, Net: "unixgram"}); err == nil {
			_, _ = line.Write([]byte(extendBy)) // an old systemd does not know it, and ends the run after its 3 h
			_ = line.Close()
		}
	})
}

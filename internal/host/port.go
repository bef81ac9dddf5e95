package host

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strconv"
	"syscall"

	gonet "github.com/shirou/gopsutil/v3/net"
	"github.com/shirou/gopsutil/v3/process"
)

// Holder is who listens on a port.
type Holder struct {
	// Free is whether the port can be used; the rest is empty then.
	Free bool
	// PID is 0 when this user may not see it.
	PID int
	// Process is the program's name, or words that say why it is unknown.
	Process string
	// Address is what it listens on, such as 0.0.0.0:5000.
	Address string
}

// String says who holds the port: "nginx (pid 812) on 0.0.0.0:443".
func (h Holder) String() string {
	switch {
	case h.Free:
		return "nobody"
	case h.PID == 0:
		return h.Process + " on " + h.Address
	case h.Process == "docker-proxy":
		return fmt.Sprintf("a container (docker-proxy, pid %d; docker ps shows which) on %s", h.PID, h.Address)
	}
	return fmt.Sprintf("%s (pid %d) on %s", h.Process, h.PID, h.Address)
}

// unseen stands for the program that this user may not look at, or that is
// outside this container.
func unseen() string {
	if os.Geteuid() == 0 {
		return "another process (outside this container)"
	}
	return "another process (run as root to see which)"
}

// PortHolder tries to listen on the TCP port at bind ("127.0.0.1", "0.0.0.0",
// "::", or "" for every address) and, when that fails, looks for the one who
// does already, be it on that address or on all of them. A port that a
// container publishes without docker-proxy has no listener and looks free.
func PortHolder(ctx context.Context, bind string, port int) (Holder, error) {
	where := net.JoinHostPort(bind, strconv.Itoa(port))
	if port < 1 || port > 65535 {
		return Holder{}, fmt.Errorf("port %d is not between 1 and 65535", port)
	}
	var config net.ListenConfig
	listener, err := config.Listen(ctx, network(bind), where)
	if err == nil {
		return Holder{Free: true}, listener.Close()
	}
	switch {
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return Holder{}, noAddress(bind)
	case errors.Is(err, syscall.EADDRINUSE), errors.Is(err, syscall.EACCES):
	default:
		return Holder{}, fmt.Errorf("try to listen on %s: %w", where, err)
	}

	holder, found := listenerOn(ctx, bind, port)
	switch {
	case found:
		return holder, nil
	case errors.Is(err, syscall.EACCES):
		// A port below 1024 that this user may not open, and that nobody has.
		return Holder{Free: true}, nil
	}
	return Holder{Process: unseen(), Address: where}, nil
}

// network keeps an IPv4 address from being tried as an IPv6 one: Docker binds
// them apart.
func network(bind string) string {
	switch ip, err := netip.ParseAddr(bind); {
	case err == nil && ip.Is4():
		return "tcp4"
	case err == nil:
		return "tcp6"
	}
	return "tcp"
}

// listenerOn finds the socket that keeps others from listening on bind:port.
// It prefers one whose process can be seen.
func listenerOn(ctx context.Context, bind string, port int) (Holder, bool) {
	sockets, err := gonet.ConnectionsWithoutUidsWithContext(ctx, "tcp")
	if err != nil {
		return Holder{}, false
	}
	var best Holder
	found := false
	for _, s := range sockets {
		if s.Status != "LISTEN" || int(s.Laddr.Port) != port || !overlap(bind, s.Laddr.IP) {
			continue
		}
		if found && s.Pid == 0 {
			continue
		}
		best, found = Holder{
			PID:     int(s.Pid),
			Process: processName(ctx, s.Pid),
			Address: net.JoinHostPort(s.Laddr.IP, strconv.Itoa(port)),
		}, true
	}
	return best, found
}

// overlap reports whether listening on both addresses collides.
func overlap(bind, other string) bool {
	a, err1 := netip.ParseAddr(bind)
	b, err2 := netip.ParseAddr(other)
	if err1 != nil || err2 != nil {
		return true // "" and "*": every address
	}
	a, b = a.Unmap(), b.Unmap()
	if a == b {
		return true
	}
	// [::] takes IPv4 too unless told otherwise; 0.0.0.0 leaves IPv6 alone.
	covers := func(wide, narrow netip.Addr) bool {
		return wide.IsUnspecified() && (wide.Is6() || narrow.Is4())
	}
	return covers(a, b) || covers(b, a)
}

func processName(ctx context.Context, pid int32) string {
	if pid == 0 {
		return unseen()
	}
	p, err := process.NewProcessWithContext(ctx, pid)
	if err != nil {
		return unseen()
	}
	name, err := p.NameWithContext(ctx)
	if err != nil || name == "" {
		return unseen()
	}
	return name
}

// FreePort asks the kernel for a TCP port that nobody uses on 127.0.0.1.
func FreePort() (int, error) {
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("ask the kernel for a free port: %w", err)
	}
	port := listener.Addr().(*net.TCPAddr).Port
	return port, listener.Close()
}

package tunnel

import (
	"net/netip"
	"os"
	"os/user"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/readfile"
)

// Find finds out how the person at this terminal logged in. sudo and su drop the
// variables that tell it, so the processes that led here are asked, too. public is
// this machine's address on the internet; the zero value is not known.
func Find(public netip.Addr) Way {
	s := session{proc: "/proc", pid: os.Getpid(), lookUp: nameOf}
	w := s.find(public)
	if w.User == "" {
		w.User = plainName(os.Getenv("SUDO_USER"))
	}
	if w.User == "" {
		w.User = nameOf(s.loginUID())
	}
	if w.User == "" {
		w.User = nameOf(strconv.Itoa(os.Getuid()))
	}
	return w
}

// session is a process, and those that led to it.
type session struct {
	proc   string // where they are seen
	pid    int
	lookUp func(uid string) string // the name of a user; "" is not known
}

// mostParents is how many processes are asked.
const mostParents = 64

// find takes the outermost process that knows of an SSH session: those further in
// may be another user's.
func (s session) find(public netip.Addr) (w Way) {
	pid := s.pid
	for range mostParents {
		if pid < 1 {
			break
		}
		env := s.environ(pid)
		if server, client, port, ok := connection(env["SSH_CONNECTION"]); ok {
			w = Way{Host: reachable(server, client, public), Port: port, User: plainName(env["USER"])}
			if w.User == "" {
				w.User = s.lookUp(s.owner(pid))
			}
		}
		pid = s.parent(pid)
	}
	if w == (Way{}) && public.IsValid() {
		w.Host = public.String()
	}
	return w
}

func (s session) file(pid int, name string) string {
	return filepath.Join(s.proc, strconv.Itoa(pid), name)
}

// environ is what a process was started with; nothing where it is not to be read.
func (s session) environ(pid int) map[string]string {
	text, err := readfile.Regular(s.file(pid, "environ"), readfile.Own)
	if err != nil {
		return nil
	}
	out := map[string]string{}
	for entry := range strings.SplitSeq(string(text), "\x00") {
		name, value, _ := strings.Cut(entry, "=")
		out[name] = value
	}
	return out
}

// status is one line of what the kernel says of a process.
func (s session) status(pid int, name string) []string {
	text, err := readfile.Regular(s.file(pid, "status"), readfile.Config)
	if err != nil {
		return nil
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, name+":"); ok {
			return strings.Fields(rest)
		}
	}
	return nil
}

// parent is 0 where there is none.
func (s session) parent(pid int) int {
	if words := s.status(pid, "PPid"); len(words) > 0 {
		if n, err := strconv.Atoi(words[0]); err == nil {
			return n
		}
	}
	return 0
}

// owner is the number of the user that a process belongs to; "" is not known.
func (s session) owner(pid int) string {
	if words := s.status(pid, "Uid"); len(words) > 0 {
		return words[0]
	}
	return ""
}

// loginUID is the number of the user that logged in, whoever that became since.
func (s session) loginUID() string {
	text, err := readfile.Regular(s.file(s.pid, "loginuid"), readfile.Config)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(text))
}

// connection reads SSH_CONNECTION: the client's address and port, then the server's.
func connection(text string) (server, client netip.Addr, port int, ok bool) {
	parts := strings.Fields(text)
	if len(parts) != 4 {
		return server, client, 0, false
	}
	client, err1 := netip.ParseAddr(parts[0])
	server, err2 := netip.ParseAddr(parts[2])
	port, err3 := strconv.Atoi(parts[3])
	return server, client, port, err1 == nil && err2 == nil && err3 == nil && port > 0 && port < 1<<16
}

var namePattern = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.-]{0,63}$`)

// plainName is a name that means nothing to a shell; "" for any other text.
func plainName(name string) string {
	if !namePattern.MatchString(name) {
		return ""
	}
	return name
}

// nameOf is the name of a user by its number; "" where it has none.
func nameOf(uid string) string {
	if uid == "" {
		return ""
	}
	found, err := user.LookupId(uid)
	if err != nil {
		return ""
	}
	return plainName(found.Username)
}

// Package userns is about the user namespaces that Docker runs containers in: which
// number a container's user has on this machine, and how this program gets to where
// a rootless engine runs, so that the numbers are the same and data can be read.
package userns

import (
	"errors"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// Standing is how this process stands to a rootless engine.
type Standing int

// The standings. Only the engine's user gets inside.
const (
	Anothers Standing = iota // it belongs to another user
	Outside                  // it is this user's, who can get inside
	Inside                   // this process is in its namespace, as its root
)

// Of judges by the owner of the engine's socket, and by who this process is. Inside
// the namespace the engine's user is root; elsewhere no rootless engine is root's.
func Of(owner, euid int) Standing {
	switch {
	case owner != euid:
		return Anothers
	case euid == 0:
		return Inside
	}
	return Outside
}

// IsUsers reports whether the socket of an engine is a user's, who runs it without root,
// as a process sees it that may be root of the machine, or of that user's namespace.
func IsUsers(owner, euid int, root bool) bool { return owner > 0 || owner == 0 && euid == 0 && !root }

// OwnerOf is who has the socket of an engine; -1 is not known.
func OwnerOf(endpoint string) int {
	path, local := strings.CutPrefix(endpoint, "unix://")
	if !local {
		return -1
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode()&fs.ModeSocket == 0 {
		return -1
	}
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return int(s.Uid)
	}
	return -1
}

// mapRange is a line of a uid_map: count users from inside on are those from outside on.
type mapRange struct{ inside, outside, count int64 }

// errNoMap says that a text is no uid_map.
var errNoMap = errors.New("this is no map of user numbers")

// mostRanges is how many lines the kernel allows in a map.
const mostRanges = 340

// parseMap reads the text of a uid_map.
func parseMap(text string) (out []mapRange, err error) {
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) != 3 || len(out) == mostRanges {
			return nil, errNoMap
		}
		var n [3]int64
		for i, field := range fields {
			v, err := strconv.ParseUint(field, 10, 32)
			if err != nil {
				return nil, errNoMap
			}
			n[i] = int64(v)
		}
		out = append(out, mapRange{n[0], n[1], n[2]})
	}
	if len(out) == 0 {
		return nil, errNoMap
	}
	return out, nil
}

// everyUser is how many users the kernel knows.
const everyUser = 1<<32 - 1

// isWhole reports whether a map is that of no namespace: everybody is who they are.
func isWhole(text string) bool {
	m, err := parseMap(text)
	return err != nil || len(m) == 1 && m[0] == mapRange{0, 0, everyUser}
}

// rootIs reports whether a map has a user of the machine as its root.
func rootIs(text string, uid int) bool {
	m, err := parseMap(text)
	if err != nil {
		return false
	}
	for _, r := range m {
		if r.inside == 0 && r.count > 0 {
			return r.outside == int64(uid)
		}
	}
	return false
}

// IsRoot reports whether this process is the machine's root, and not that of a user
// namespace alone. In a container that is a machine of its own (LXC), / is root's.
func IsRoot() bool {
	if os.Geteuid() != 0 {
		return false
	}
	text, err := os.ReadFile("/proc/self/uid_map")
	if err != nil || isWhole(string(text)) {
		return true
	}
	info, err := os.Stat("/")
	if err != nil {
		return true
	}
	s, ok := info.Sys().(*syscall.Stat_t)
	return !ok || s.Uid == 0
}

// Nobody is the number that the kernel shows for a user whom a namespace does not know,
// such as the machine's root.
const Nobody = 65534

// User is who runs this process, by the machine's numbers.
func User() int {
	euid := os.Geteuid()
	text, err := os.ReadFile("/proc/self/uid_map")
	if err != nil || euid != 0 || IsRoot() {
		return euid
	}
	m, _ := parseMap(string(text))
	for _, r := range m {
		if r.inside == 0 && r.count > 0 {
			return int(r.outside)
		}
	}
	return euid
}

// RemapBase returns the number on this machine of a container's root where the engine
// gives containers other users (userns-remap): its directory is named for that,
// /var/lib/docker/100000.100000. 0 is not known.
func RemapBase(rootDir string) int {
	name := rootDir[strings.LastIndexByte(rootDir, '/')+1:]
	user, group, ok := strings.Cut(name, ".")
	if !ok || user != group || !isNumber(user) {
		return 0
	}
	base, err := strconv.ParseUint(user, 10, 31)
	if err != nil {
		return 0
	}
	return int(base)
}

// isNumber reports whether a text is a number as Docker writes it.
func isNumber(text string) bool {
	for _, c := range text {
		if c < '0' || c > '9' {
			return false
		}
	}
	return text != "" && text[0] != '0'
}

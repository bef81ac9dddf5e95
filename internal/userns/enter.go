package userns

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/marketcalls/openalgo-install/internal/readfile"
)

// Enter runs this program again, in its place, where the engine at endpoint runs: in
// the user namespace of its user, who is root there over the users of containers, and
// over nothing else. It returns only where that fails.
func Enter(endpoint string, args, env []string) error {
	path, local := strings.CutPrefix(endpoint, "unix://")
	if !local {
		return errors.New("the socket of Docker is not on this machine")
	}
	nsenter, err := exec.LookPath("nsenter")
	if err != nil {
		return errors.New("the program nsenter (package util-linux) is missing")
	}
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find openalgo-install: %w", err)
	}
	pid := processIn(path)
	if pid == 0 {
		return errors.New("no process of Docker was found")
	}
	argv := append([]string{"nsenter", "--target", strconv.Itoa(pid), "--user", "--preserve-credentials", "--", self}, args...)
	return fmt.Errorf("run nsenter: %w", syscall.Exec(nsenter, argv, append(env, "DOCKER_HOST="+endpoint)))
}

// processIn finds a process in the namespace of the engine with a socket: the one
// that listens, or one that the engine keeps for this. systemd may listen for it.
func processIn(socket string) int {
	own, err := os.Readlink("/proc/self/ns/user")
	if err != nil {
		return 0
	}
	candidates := []int{listenerPID(socket)}
	dir := filepath.Dir(socket)
	for _, file := range []string{
		filepath.Join(dir, "docker.pid"), filepath.Join(dir, "dockerd-rootless/child_pid"), // Docker
		filepath.Join(filepath.Dir(dir), "libpod/tmp/pause.pid"), // Podman, whose socket is in podman/
	} {
		candidates = append(candidates, pidIn(file))
	}
	for _, pid := range candidates {
		if pid <= 1 {
			continue
		}
		there, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/user", pid))
		if err != nil || there == own {
			continue
		}
		text, err := readfile.Regular(fmt.Sprintf("/proc/%d/uid_map", pid), readfile.Config)
		if err == nil && rootIs(string(text), os.Geteuid()) {
			return pid
		}
	}
	return 0
}

// listenerPID is the process that listens at a socket; 0 is not known.
func listenerPID(socket string) int {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0
	}
	defer unix.Close(fd)
	if err := unix.Connect(fd, &unix.SockaddrUnix{Name: socket}); err != nil {
		return 0
	}
	peer, err := unix.GetsockoptUcred(fd, unix.SOL_SOCKET, unix.SO_PEERCRED)
	if err != nil {
		return 0
	}
	return int(peer.Pid)
}

// pidIn reads a file that has the number of a process; 0 is none.
func pidIn(file string) int {
	text, err := readfile.NoLink(file, readfile.Own)
	if err != nil {
		return 0
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil || pid < 0 {
		return 0
	}
	return pid
}

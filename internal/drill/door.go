package drill

import (
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/marketcalls/openalgo-install/internal/engine"
)

// door opens a port of a container that has no network, on this machine's loopback and
// for as long as the drill takes: connections are made inside the container's own.
func door(c engine.Container, port int) (address string, shut func(), err error) {
	if c.Pid <= 0 {
		return "", nil, fmt.Errorf("it is %s", c.State)
	}
	inside, err := os.Open(fmt.Sprintf("/proc/%d/ns/net", c.Pid))
	if err != nil {
		return "", nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		_ = inside.Close()
		return "", nil, err
	}
	var open sync.WaitGroup
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			open.Add(1)
			go func() {
				defer open.Done()
				pass(conn, inside, port)
			}()
		}
	}()
	return listener.Addr().String(), func() {
		_ = listener.Close()
		open.Wait()
		_ = inside.Close()
	}, nil
}

// pass joins a connection with one inside.
func pass(from net.Conn, inside *os.File, port int) {
	defer from.Close()
	to, err := dialIn(inside, port)
	if err != nil {
		return
	}
	defer to.Close()
	go func() {
		_, _ = io.Copy(to, from)
		_ = to.Close()
	}()
	_, _ = io.Copy(from, to)
}

// dialIn connects to a port in another network. A socket stays in the network that its
// thread was in, and the thread ends with its goroutine: no other gets to run on it.
func dialIn(inside *os.File, port int) (net.Conn, error) {
	type made struct {
		fd  int
		err error
	}
	done := make(chan made)
	go func() {
		runtime.LockOSThread()
		fd, err := -1, unix.Setns(int(inside.Fd()), unix.CLONE_NEWNET)
		if err == nil {
			fd, err = unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
		}
		done <- made{fd, err}
	}()
	s := <-done
	if s.err != nil {
		return nil, s.err
	}
	file := os.NewFile(uintptr(s.fd), "inside")
	defer file.Close()
	if err := unix.Connect(s.fd, &unix.SockaddrInet4{Port: port, Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		return nil, err
	}
	return net.FileConn(file)
}

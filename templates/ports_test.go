package templates_test

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/marketcalls/openalgo-install/templates"
)

// The ports of a machine lead to those of OpenAlgo, and OpenAlgo has the process
// that Docker knows.
func TestPorts(t *testing.T) {
	t.Parallel()
	python := cmp.Or(os.Getenv("OPENALGO_PYTHON"), "python3")
	if _, err := exec.LookPath(python); err != nil {
		t.Skip(err)
	}
	own, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer own.Close()
	go func() {
		for {
			conn, err := own.Accept()
			if err != nil {
				return
			}
			go func() {
				_, _ = io.Copy(conn, conn)
				_ = conn.Close()
			}()
		}
	}()
	free, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := free.Addr().(*net.TCPAddr).Port
	_ = free.Close()

	cmd := exec.Command(python, "-c", string(templates.Ports()), fmt.Sprintf("%d:%d", port, own.Addr().(*net.TCPAddr).Port), "--", "sh", "-c", "echo $$; cat; kill 0")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = in.Close() // ends OpenAlgo's place, and with it the group
		_ = cmd.Wait()
	}()
	if line, err := bufio.NewReader(out).ReadString('\n'); strings.TrimSpace(line) != strconv.Itoa(cmd.Process.Pid) {
		t.Errorf("what it starts has the process %q and not %d: %v", line, cmd.Process.Pid, err)
	}
	var conn net.Conn
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if conn, err = net.Dial("tcp4", fmt.Sprintf("127.0.0.1:%d", port)); err == nil || time.Now().After(end) {
			break
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	said := strings.Repeat("tick ", 50_000)
	go func() {
		_, _ = io.WriteString(conn, said)
		_ = conn.(*net.TCPConn).CloseWrite()
	}()
	if heard, err := io.ReadAll(conn); err != nil || string(heard) != said {
		t.Errorf("%d of %d bytes came back: %v", len(heard), len(said), err)
	}
}

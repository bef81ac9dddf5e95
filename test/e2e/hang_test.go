package e2e_test

import (
	"bytes"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// hanging stands between the program and the engine. Once a request contains
// the text, nothing passes any more, as with an engine whose process is stopped.
type hanging struct {
	address string
	hung    chan struct{} // closed when it hangs
	once    sync.Once
}

func hangsAt(t *testing.T, text string) *hanging {
	t.Helper()
	engine := strings.TrimPrefix(docker.Info().Endpoint, "unix://")
	if !filepath.IsAbs(engine) {
		t.Skip("the engine is on no socket")
	}
	dir, err := os.MkdirTemp("", "oahang")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	path := filepath.Join(dir, "d.sock")
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	h := &hanging{address: "unix://" + path, hung: make(chan struct{})}
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial("unix", engine)
			if err != nil {
				client.Close()
				continue
			}
			go h.pass(server, client, text)
			go h.pass(client, server, "")
		}
	}()
	return h
}

// pass copies what comes, until it hangs or one side ends.
func (h *hanging) pass(to, from net.Conn, text string) {
	defer to.Close()
	part := make([]byte, 32<<10)
	for {
		n, err := from.Read(part)
		if text != "" && bytes.Contains(part[:n], []byte(text)) {
			h.once.Do(func() { close(h.hung) })
		}
		select {
		case <-h.hung:
			_, _ = io.Copy(io.Discard, from) // until its owner closes it
			return
		default:
		}
		if _, failed := to.Write(part[:n]); err != nil || failed != nil {
			return
		}
	}
}

// While Docker hangs, Ctrl+C ends every command, and nothing was changed.
func TestDockerHangs(t *testing.T) {
	t.Parallel()
	i := newInstance(t)
	i.install(0)
	id, env := i.container().ID, i.read(".env")
	for name, c := range map[string]struct {
		at   string
		args []string
	}{
		"set at its first question":    {"/containers/json", []string{"set", "LOG_LEVEL=DEBUG", "--now"}},
		"set when it connects":         {"_ping", []string{"set", "LOG_LEVEL=DEBUG", "--now"}},
		"backup at its first question": {"/containers/json", []string{"backup", "--now"}},
		"an install":                   {"/containers/json", []string{"--answers", i.answers}},
		"restart":                      {"/json", []string{"restart"}},
		"status":                       {"/system/df", []string{"status"}},
		"doctor":                       {"/json", []string{"doctor"}},
	} {
		h := hangsAt(t, c.at)
		cmd := i.command(c.args...)
		cmd.Env = append(cmd.Env, "DOCKER_HOST="+h.address)
		var out bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &out
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		<-h.hung
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait()
		if code := cmd.ProcessState.ExitCode(); code != 130 {
			t.Errorf("%s: exit %d, want 130\n%s", name, code, out.String())
		}
	}
	if c := i.container(); c.ID != id || c.State != "running" || i.read(".env") != env {
		t.Error("something was changed")
	}
}

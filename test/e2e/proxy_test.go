package e2e_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// engineView is the engine as one test sees it, through a socket of its own:
// only containers of some projects, and what it says of itself changed.
type engineView struct {
	projects []string // name parts of the containers that are seen, with their helper containers
	info     map[string]any
}

// alone gives an instance an engine on which nobody else's stack runs, since
// those that run share the machine.
func (i *instance) alone(more ...string) {
	i.t.Helper()
	i.through(engineView{projects: append(more, i.project)})
}

func (i *instance) through(view engineView) {
	i.t.Helper()
	i.env = append(i.env, "DOCKER_HOST=unix://"+view.serve(i.t))
}

// serve listens on a socket until the test ends.
func (v engineView) serve(t *testing.T) string {
	t.Helper()
	real := dockerSocket(t)
	dir, err := os.MkdirTemp("", "oa") // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	listener, err := net.Listen("unix", filepath.Join(dir, "sock"))
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: "docker"})
	proxy.FlushInterval = -1
	proxy.Transport = &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", real)
	}}
	proxy.ModifyResponse = v.modify
	server := httptest.NewUnstartedServer(proxy)
	_ = server.Listener.Close()
	server.Listener = listener
	server.Start()
	t.Cleanup(server.CloseClientConnections)
	return filepath.Join(dir, "sock")
}

// dockerSocket is where the engine of the tests listens.
func dockerSocket(t *testing.T) string {
	t.Helper()
	host := os.Getenv("DOCKER_HOST")
	if path, ok := strings.CutPrefix(host, "unix://"); ok {
		return path
	}
	if host != "" {
		t.Skip("the engine is not on a local socket")
	}
	return "/var/run/docker.sock"
}

// overTCP leads to the engine by a port, until the test ends: for the program it is
// on another machine, which has the same files.
func overTCP(t *testing.T) (address string) {
	t.Helper()
	real := dockerSocket(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			here, err := listener.Accept()
			if err != nil {
				return
			}
			there, err := net.Dial("unix", real)
			if err != nil {
				_ = here.Close()
				continue
			}
			go func() { _, _ = io.Copy(there, here); _ = there.(*net.UnixConn).CloseWrite() }()
			go func() { _, _ = io.Copy(here, there); _ = here.Close(); _ = there.Close() }()
		}
	}()
	return "tcp://" + listener.Addr().String()
}

func (v engineView) modify(res *http.Response) error {
	switch path := res.Request.URL.Path; {
	case strings.HasSuffix(path, "/containers/json") && v.projects != nil:
		var list []map[string]any
		return rewrite(res, &list, func() any {
			return slices.DeleteFunc(list, func(c map[string]any) bool {
				names, _ := c["Names"].([]any)
				labels, _ := c["Labels"].(map[string]any)
				names = append(names, labels["io.openalgo.install.probe"]) // its directory
				return !slices.ContainsFunc(names, func(name any) bool {
					text, _ := name.(string)
					return slices.ContainsFunc(v.projects, func(p string) bool { return strings.Contains(text, p) })
				})
			})
		})
	case strings.HasSuffix(path, "/info") && v.info != nil:
		var info map[string]any
		return rewrite(res, &info, func() any {
			for key, value := range v.info {
				info[key] = value
			}
			return info
		})
	}
	return nil
}

// rewrite decodes a JSON answer, and sends what change makes of it.
func rewrite(res *http.Response, doc any, change func() any) error {
	if err := json.NewDecoder(res.Body).Decode(doc); err != nil {
		return err
	}
	_ = res.Body.Close()
	text, err := json.Marshal(change())
	if err != nil {
		return err
	}
	res.Body = io.NopCloser(bytes.NewReader(text))
	res.ContentLength = int64(len(text))
	res.Header.Set("Content-Length", strconv.Itoa(len(text)))
	return nil
}

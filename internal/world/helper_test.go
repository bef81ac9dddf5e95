package world

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/instance"
)

// engineThat is an engine on this machine that answers by itself what it is, and
// the rest by a handler.
func engineThat(t *testing.T, answer http.HandlerFunc) *engine.Engine {
	t.Helper()
	dir, err := os.MkdirTemp("", "oa") // short enough for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	path := filepath.Join(dir, "e.sock")
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Api-Version", "1.43")
		w.Header().Set("Content-Type", "application/json")
		if strings.HasSuffix(r.URL.Path, "/version") {
			fmt.Fprint(w, `{"Version": "24.0.9", "ApiVersion": "1.43", "Os": "linux", "Arch": "amd64"}`)
			return
		}
		if strings.HasSuffix(r.URL.Path, "/_ping") {
			return
		}
		if strings.HasSuffix(r.URL.Path, "/info") {
			name, _ := os.Hostname()
			var kernel unix.Utsname
			_ = unix.Uname(&kernel)
			fmt.Fprintf(w, `{"Name": %q, "KernelVersion": %q}`, name, unix.ByteSliceToString(kernel.Release[:]))
			return
		}
		answer(w, r)
	})}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { server.Close() })
	e, err := engine.Connect(t.Context(), engine.Options{Getenv: func(key string) string {
		return map[string]string{"DOCKER_HOST": "unix://" + path, "HOME": dir}[key]
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	return e
}

// A run that is cut off while Docker creates a helper container removes it.
func TestHelperIsRemovedAtCtrlC(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	removed := make(chan string, 1)
	l := &Looker{Dir: instance.Dir(t.TempDir()), Engine: engineThat(t, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasSuffix(r.URL.Path, "/containers/create"):
			cancel()
			time.Sleep(50 * time.Millisecond) // a client that does not wait is gone by then
			w.WriteHeader(http.StatusCreated)
			fmt.Fprint(w, `{"Id": "probe"}`)
		case r.Method == http.MethodDelete:
			removed <- filepath.Base(r.URL.Path)
			w.WriteHeader(http.StatusNoContent)
		}
	})}
	if _, err := l.images().read(ctx, "image", "/app/.sample.env"); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want Canceled", err)
	}
	select {
	case id := <-removed:
		if id != "probe" {
			t.Errorf("%s was removed", id)
		}
	default:
		t.Error("the helper container is left")
	}
}

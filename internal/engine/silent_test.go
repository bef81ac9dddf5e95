package engine_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/marketcalls/openalgo-install/internal/engine"
)

// An engine that takes a call and gives no answer, as one does whose process is
// stopped, is given up after a while, and at once when the caller leaves.
func TestSilentEngine(t *testing.T) {
	never := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	path, _ := fake{api: "1.43", version: "24.0.9", name: "a", routes: map[string]http.HandlerFunc{
		"/{v}/containers/": never, "/{v}/containers/json": never, "/{v}/volumes": never, "/{v}/networks": never,
		"/{v}/images/": never, "/{v}/system/df": never, "/{v}/exec/": never,
	}}.socket(t, "")
	e, err := engine.Connect(t.Context(), engine.Options{Getenv: env("DOCKER_HOST", "unix://"+path, "HOME", t.TempDir()), Patience: 200 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	calls := map[string]func(context.Context) error{
		"list":    func(ctx context.Context) error { _, err := e.Containers(ctx); return err },
		"inspect": func(ctx context.Context) error { _, err := e.Container(ctx, "a"); return err },
		"stop":    func(ctx context.Context) error { return e.Stop(ctx, "a", time.Millisecond) },
		"start":   func(ctx context.Context) error { return e.Start(ctx, "a") },
		"remove":  func(ctx context.Context) error { return e.Remove(ctx, "a") },
		"exec":    func(ctx context.Context) error { _, err := e.Exec(ctx, "a", []string{"true"}, ""); return err },
		"log":     func(ctx context.Context) error { return e.Logs(ctx, "a", engine.LogOptions{}, nil, nil) },
		"file":    func(ctx context.Context) error { _, err := e.ReadFile(ctx, "a", "/b", 1); return err },
		"image":   func(ctx context.Context) error { _, err := e.Image(ctx, "a"); return err },
		"volumes": func(ctx context.Context) error { _, err := e.Volumes(ctx); return err },
		"sizes":   func(ctx context.Context) error { _, err := e.VolumeBytes(ctx); return err },
	}
	for name, call := range calls {
		if err := call(t.Context()); !errors.Is(err, engine.ErrUnreachable) {
			t.Errorf("%s: %v, want ErrUnreachable", name, err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := call(ctx); !errors.Is(err, context.Canceled) || errors.Is(err, engine.ErrUnreachable) {
			t.Errorf("%s, and the caller leaves: %v, want Canceled", name, err)
		}
	}
}

// The same before the first answer: something listens there, and is silent.
func TestSilentAtConnect(t *testing.T) {
	path := filepath.Join(shortDir(t), "e.sock")
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	told := make(chan string, 2)
	ctx := engine.WithSlow(t.Context(), func(endpoint string, _ time.Duration) { told <- endpoint })
	_, err = engine.Connect(ctx, engine.Options{Getenv: env("DOCKER_HOST", "unix://"+path, "HOME", t.TempDir()), Patience: 100 * time.Millisecond})
	if !errors.Is(err, engine.ErrUnreachable) {
		t.Errorf("%v, want ErrUnreachable", err)
	}
	if len(told) != 1 || <-told != "unix://"+path {
		t.Error("who waits is not told")
	}
	if !engine.HasOwn(env("DOCKER_HOST", "unix://"+path, "HOME", t.TempDir())) || engine.HasOwn(env("DOCKER_HOST", "unix:///none", "HOME", t.TempDir())) {
		t.Error("whose the socket is is not known")
	}
}

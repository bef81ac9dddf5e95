package engine_test

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/finding"
)

// connect reaches the real engine. Without one the test is skipped, unless
// OPENALGO_E2E=require.
func connect(t *testing.T, o engine.Options) *engine.Engine {
	t.Helper()
	e, err := engine.Connect(t.Context(), o)
	if err != nil {
		if os.Getenv("OPENALGO_E2E") == "require" {
			t.Fatalf("the tests need a Docker engine: %v", err)
		}
		t.Skipf("no Docker engine: %v", err)
	}
	t.Cleanup(func() { e.Close() })
	return e
}

// name makes a name that no one else uses.
func name() string {
	b := make([]byte, 5)
	rand.Read(b)
	return "oatest-" + hex.EncodeToString(b)
}

// cleanup is a context for t.Cleanup, where t.Context() has ended.
func cleanup() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), time.Minute)
}

// probe builds the static program of the test image, once.
var probe = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "oatest-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	out := filepath.Join(dir, "probe")
	build := exec.Command("go", "build", "-ldflags=-s -w", "-o", out, "./testdata/probe")
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux")
	if text, err := build.CombinedOutput(); err != nil {
		return nil, errors.New(string(text))
	}
	return os.ReadFile(out)
})

func probeBytes(t *testing.T) []byte {
	t.Helper()
	data, err := probe()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// rootfs is the tar of the test image. With a name in it no engine has it yet.
func rootfs(t *testing.T, name string) []byte {
	t.Helper()
	program := probeBytes(t)
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	for _, f := range []struct {
		header tar.Header
		data   []byte
	}{
		{tar.Header{Name: "probe", Mode: 0o755}, program},
		{tar.Header{Name: "app/", Typeflag: tar.TypeDir, Mode: 0o755}, nil},
		{tar.Header{Name: "app/sample.env", Mode: 0o644}, []byte("A=1\n")},
		{tar.Header{Name: "app/rel", Typeflag: tar.TypeSymlink, Linkname: "sample.env"}, nil},
		{tar.Header{Name: "abs", Typeflag: tar.TypeSymlink, Linkname: "/app/rel"}, nil},
		{tar.Header{Name: "loop", Typeflag: tar.TypeSymlink, Linkname: "/loop"}, nil},
		{tar.Header{Name: "data/", Typeflag: tar.TypeDir, Mode: 0o777}, nil},
		{tar.Header{Name: "name", Mode: 0o644}, []byte(name)},
		{tar.Header{Name: "data/seed", Mode: 0o644}, []byte("from the image")},
	} {
		f.header.Size = int64(len(f.data))
		if err := w.WriteHeader(&f.header); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(f.data); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// testImage imports the test image under a name of its own.
func testImage(t *testing.T, e *engine.Engine) engine.Image {
	t.Helper()
	ref := name() + ":1"
	img, err := e.Import(t.Context(), ref, bytes.NewReader(rootfs(t, "")), []string{
		`ENTRYPOINT ["/probe"]`, `CMD ["serve"]`, `ENV FROM_IMAGE=yes`, `LABEL oatest=` + ref,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := cleanup()
		defer cancel()
		if err := e.RemoveImage(ctx, ref); err != nil {
			t.Error(err)
		}
	})
	return img
}

// create makes a container that goes away with the test. It has no network
// unless the spec asks for one: most tests need none.
func create(t *testing.T, e *engine.Engine, spec engine.ContainerSpec) string {
	t.Helper()
	if spec.Name == "" {
		spec.Name = name()
	}
	if spec.Networks == nil {
		spec.Host.NetworkMode = "none"
	}
	id, err := e.Create(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := cleanup()
		defer cancel()
		if err := e.Remove(ctx, id); err != nil {
			t.Error(err)
		}
	})
	return id
}

func start(t *testing.T, e *engine.Engine, id string) {
	t.Helper()
	if err := e.Start(t.Context(), id); err != nil {
		t.Fatal(err)
	}
}

func inspect(t *testing.T, e *engine.Engine, id string) engine.Container {
	t.Helper()
	c, err := e.Container(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// until polls for something that the engine does in its own time.
func until(t *testing.T, what string, done func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatal("never happened: " + what)
		}
	}
}

// wants checks an error's cause and that its words say these.
func wants(t *testing.T, err, cause error, words ...string) {
	t.Helper()
	if !errors.Is(err, cause) {
		t.Fatalf("error %v, want one that is %q", err, cause)
	}
	for _, w := range words {
		if !strings.Contains((finding.Prompt{}).Text(err), w) {
			t.Errorf("error %q does not say %q", err, w)
		}
	}
}

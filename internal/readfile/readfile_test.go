package readfile_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/marketcalls/openalgo-install/internal/readfile"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestWhatIsRead(t *testing.T) {
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	must(t, os.WriteFile(path("plain"), []byte("12345"), 0o600))
	must(t, os.Symlink("plain", path("link")))
	must(t, os.Symlink("/etc/passwd", path("out")))
	must(t, unix.Mkfifo(path("pipe"), 0o600))
	root, err := os.OpenRoot(dir)
	must(t, err)
	defer root.Close()

	regular := func(name string) ([]byte, error) { return readfile.Regular(path(name), 5) }
	noLink := func(name string) ([]byte, error) { return readfile.NoLink(path(name), 5) }
	in := func(name string) ([]byte, error) { return readfile.In(root, name, 5) }
	for _, test := range []struct {
		what string
		read func(string) ([]byte, error)
		name string
		want error // nil: the five bytes
	}{
		{"a file", regular, "plain", nil},
		{"a file", noLink, "plain", nil},
		{"a file", in, "plain", nil},
		{"a link", regular, "link", nil},
		{"a link", noLink, "link", readfile.ErrNotRegular},
		{"a link that stays", in, "link", nil},
		{"a pipe that nobody writes", regular, "pipe", readfile.ErrNotRegular},
		{"a pipe that nobody writes", noLink, "pipe", readfile.ErrNotRegular},
		{"a pipe that nobody writes", in, "pipe", readfile.ErrNotRegular},
		{"a directory", regular, ".", readfile.ErrNotRegular},
		{"a device without end", func(string) ([]byte, error) { return readfile.Regular("/dev/zero", 5) }, "", readfile.ErrNotRegular},
		{"nothing", regular, "none", os.ErrNotExist},
		{"nothing", in, "none", os.ErrNotExist},
	} {
		data, err := test.read(test.name)
		if !errors.Is(err, test.want) || test.want == nil && string(data) != "12345" {
			t.Errorf("%s: %q, %v", test.what, data, err)
		}
	}
	if _, err := in("out"); err == nil {
		t.Error("a link led out of the directory")
	}
	must(t, os.WriteFile(path("plain"), []byte("123456"), 0o600))
	if _, err := regular("plain"); !errors.Is(err, readfile.ErrTooLarge) {
		t.Errorf("one byte too many: %v", err)
	}
}

func TestInputIsBounded(t *testing.T) {
	if _, err := readfile.Input(t.Context(), "/dev/zero", 1000); !errors.Is(err, readfile.ErrTooLarge) {
		t.Error(err)
	}
	data, err := readfile.Stream(t.Context(), bytes.NewReader(make([]byte, 1000)), "x", 1000)
	if err != nil || len(data) != 1000 {
		t.Error(len(data), err)
	}
}

func TestInputEndsWithItsContext(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	must(t, unix.Mkfifo(pipe, 0o600))
	from, to := io.Pipe()
	defer to.Close()
	for name, read := range map[string]func(context.Context) error{
		"opening a pipe": func(ctx context.Context) error { _, err := readfile.Input(ctx, pipe, 5); return err },
		"reading":        func(ctx context.Context) error { _, err := readfile.Stream(ctx, from, "x", 5); return err },
	} {
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- read(ctx) }()
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

package e2e_test

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// reforged is a copy of a backup in which somebody changed entries, and made
// every sum right again. change returns an entry as it is to be; nil leaves it
// out. It is called once more with nil, for an entry before the end.
func reforged(t *testing.T, file string, change func(h *tar.Header, text []byte) (*tar.Header, []byte)) string {
	t.Helper()
	from, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer from.Close()
	unzip, err := zstd.NewReader(from)
	if err != nil {
		t.Fatal(err)
	}
	defer unzip.Close()
	var out bytes.Buffer
	zip, err := zstd.NewWriter(&out)
	if err != nil {
		t.Fatal(err)
	}
	w := tar.NewWriter(zip)
	sums := map[string]string{}
	add := func(h *tar.Header, text []byte) {
		if h == nil {
			return
		}
		if h.Typeflag == tar.TypeReg {
			h.Size = int64(len(text))
			sums[h.Name] = fmt.Sprintf("%x", sha256.Sum256(text))
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(text); err != nil {
			t.Fatal(err)
		}
	}
	for in := tar.NewReader(unzip); ; {
		h, err := in.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(in)
		if err != nil {
			t.Fatal(err)
		}
		if h.Name != "SHA256SUMS" {
			add(change(h, text))
		}
	}
	add(change(nil, nil))
	var list bytes.Buffer
	for name, sum := range sums {
		fmt.Fprintf(&list, "%s  %s\n", sum, strings.NewReplacer(`\`, `\\`, "\n", `\n`).Replace(name))
	}
	add(&tar.Header{Name: "SHA256SUMS", Typeflag: tar.TypeReg, Mode: 0o600}, list.Bytes())
	path := filepath.Join(t.TempDir(), "forged.tar.zst")
	if err := errors.Join(w.Close(), zip.Close(), os.WriteFile(path, out.Bytes(), 0o600)); err != nil {
		t.Fatal(err)
	}
	return path
}

package packed

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

var update = flag.Bool("update", false, "pack the texts again")

const top = "../.."

// files are the texts as they are in the repository, by path.
func files(t *testing.T) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	for _, pattern := range Files {
		paths, err := filepath.Glob(filepath.Join(top, pattern))
		if err != nil || len(paths) == 0 {
			t.Fatalf("%s: %d files, %v", pattern, len(paths), err)
		}
		for _, path := range paths {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			name, _ := filepath.Rel(top, path)
			all[name] = text
		}
	}
	return all
}

// What is packed is what the repository has, byte by byte.
func TestPacked(t *testing.T) {
	t.Parallel()
	all := files(t)
	if *update {
		if err := os.WriteFile("texts.tar.gz", pack(t, all), 0o644); err != nil {
			t.Fatal(err)
		}
		return // the bytes that were embedded are those of before
	}
	for path, text := range all {
		if !bytes.Equal(Text(path), text) {
			t.Errorf("%s is packed as it was before. Run: go test ./internal/packed -update", path)
		}
	}
	if packed := unpacked(); len(packed) != len(all) {
		t.Errorf("%d files are packed, and there are %d. Run: go test ./internal/packed -update", len(packed), len(all))
	}
}

func pack(t *testing.T, all map[string][]byte) []byte {
	t.Helper()
	var out bytes.Buffer
	zip, _ := gzip.NewWriterLevel(&out, gzip.BestCompression)
	files := tar.NewWriter(zip)
	for _, path := range slices.Sorted(maps.Keys(all)) {
		if err := files.WriteHeader(&tar.Header{Name: path, Mode: 0o644, Size: int64(len(all[path]))}); err != nil {
			t.Fatal(err)
		}
		if _, err := files.Write(all[path]); err != nil {
			t.Fatal(err)
		}
	}
	if err := files.Close(); err != nil {
		t.Fatal(err)
	}
	if err := zip.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// A text is its caller's own.
func TestTextIsACopy(t *testing.T) {
	t.Parallel()
	Text("templates/env")[0] = '!'
	if Text("templates/env")[0] == '!' || Text("none") != nil {
		t.Error("a caller changed what others get")
	}
}

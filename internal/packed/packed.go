// Package packed holds the long texts of the program, compressed: as they are, they
// would make it 0.15 MB bigger. Files lists them, and the test of this package packs them
// again: go test ./internal/packed -update.
package packed

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	_ "embed" // for the archive
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
)

//go:embed texts.tar.gz
var archive []byte

// Files are patterns (path/filepath.Match) of the files that are packed, from the top of
// the repository.
var Files = []string{
	"internal/answers/example.yaml", "internal/answers/schema.json",
	"internal/bytecode/build.py",
	"internal/cli/man/*.1",
	"templates/Dockerfile", "templates/docker-compose.yaml", "templates/dockerignore", "templates/env",
	"templates/*.py", "templates/start.sh",
	"templates/edge/*",
}

// unpacked is every text by its path.
var unpacked = sync.OnceValue(func() map[string][]byte {
	all, _ := unpack(archive) // the test unpacks the same bytes
	return all
})

// Text is a copy of the file of a path from the top of the repository; nil for one that
// is not packed.
func Text(path string) []byte { return bytes.Clone(unpacked()[path]) }

// Below are the names of the files of a directory, which ends in a slash; unsorted.
func Below(dir string) (names []string) {
	for path := range unpacked() {
		if name, ok := strings.CutPrefix(path, dir); ok {
			names = append(names, name)
		}
	}
	return names
}

func unpack(text []byte) (map[string][]byte, error) {
	in, err := gzip.NewReader(bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("unpack the texts of the program: %w", err)
	}
	all := map[string][]byte{}
	for files := tar.NewReader(in); ; {
		head, err := files.Next()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, fmt.Errorf("unpack the texts of the program: %w", err)
		}
		if all[head.Name], err = io.ReadAll(files); err != nil {
			return nil, fmt.Errorf("unpack %s: %w", head.Name, err)
		}
	}
}

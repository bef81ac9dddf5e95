package step

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"

	"github.com/marketcalls/openalgo-install/internal/readfile"
)

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

func isFile(path string) bool {
	info, err := os.Lstat(path)
	return err == nil && info.Mode().IsRegular()
}

// Sum is the SHA-256 of a text, as the journal has it.
func Sum(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// readOptional reads a file; nil when there is none.
func readOptional(path string) ([]byte, error) {
	text, err := readfile.Regular(path, readfile.Config)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return text, err
}

// Command release makes a release by hand, for the tests of what is in deploy: signed
// with a key that is forgotten afterwards, and laid out for a web server.
//
//	release PROGRAM VERSION DIR
package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"

	"aead.dev/minisign"
)

func main() {
	err := errors.New("usage: release PROGRAM VERSION DIR")
	if len(os.Args) == 4 {
		err = release(os.Args[1], os.Args[2], os.Args[3])
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1) //nolint:forbidigo // a program of its own
	}
}

func release(program, version, dir string) error {
	dir = filepath.Join(dir, "download", "v"+version)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	key, private, err := minisign.GenerateKey(nil)
	if err != nil {
		return err
	}
	script := filepath.Join(dir, "install.sh")
	fill := exec.Command("scripts/install-asset.sh", script)
	fill.Env = append(os.Environ(), "VERSION="+version, "RELEASE_PUBLIC_KEYS="+key.String())
	if said, err := fill.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, said)
	}
	archive := "openalgo-install_linux_" + runtime.GOARCH + ".tar.gz"
	packed, err := pack(program)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, archive), packed, 0o644); err != nil {
		return err
	}
	text, err := os.ReadFile(script)
	if err != nil {
		return err
	}
	sums := fmt.Appendf(nil, "%x  %s\n%x  install.sh\n", sha256.Sum256(packed), archive, sha256.Sum256(text))
	if err := os.WriteFile(filepath.Join(dir, "checksums.txt"), sums, 0o644); err != nil {
		return err
	}
	in := minisign.NewReader(bytes.NewReader(sums))
	if _, err := io.Copy(io.Discard, in); err != nil {
		return err
	}
	signature := in.SignWithComments(private, "openalgo-install "+version, "x")
	return os.WriteFile(filepath.Join(dir, "checksums.txt.minisig"), signature, 0o644)
}

// pack has the files that .goreleaser.yaml puts into an archive.
func pack(program string) ([]byte, error) {
	text, err := os.ReadFile(program)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	zip, err := gzip.NewWriterLevel(&out, gzip.BestSpeed)
	if err != nil {
		return nil, err
	}
	archive := tar.NewWriter(zip)
	for _, file := range []struct {
		name string
		text []byte
	}{
		{"openalgo-install", text},
		{"completions/openalgo-install.bash", nil},
		{"completions/openalgo-install.fish", nil},
		{"completions/openalgo-install.zsh", nil},
		{"man/openalgo-install.1.gz", nil},
	} {
		if err := archive.WriteHeader(&tar.Header{Name: file.name, Typeflag: tar.TypeReg, Mode: 0o755, Size: int64(len(file.text))}); err != nil {
			return nil, err
		}
		if _, err := archive.Write(file.text); err != nil {
			return nil, err
		}
	}
	if err := archive.Close(); err != nil {
		return nil, err
	}
	if err := zip.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

package selfupdate

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/host"
)

// Owner names the package that a program's file belongs to, as dpkg or rpm say;
// "" when it is nobody's.
func Owner(ctx context.Context, file string) string {
	for _, ask := range [][]string{{"dpkg-query", "--search", file}, {"rpm", "-q", "--file", file}} {
		if out, err := host.Command(ctx, ask[0], ask[1:]...).Output(); err == nil {
			name, _, _ := strings.Cut(strings.TrimSpace(string(out)), ":")
			return name
		}
	}
	return ""
}

// Replace puts the program of an archive in the place of the one in file, once
// it has shown that it runs here and is the version that was asked for.
func Replace(ctx context.Context, archive []byte, file, version string) (err error) {
	program, err := programOf(archive)
	if err != nil {
		return err
	}
	fresh, err := os.CreateTemp(filepath.Dir(file), ".openalgo-install-*")
	if err != nil {
		return fmt.Errorf("writing beside %s: %w", file, err)
	}
	defer func() {
		if err != nil {
			_ = os.Remove(fresh.Name())
		}
	}()
	_, err = fresh.Write(program)
	if err := errors.Join(err, fresh.Chmod(0o755), fresh.Sync(), fresh.Close()); err != nil {
		return fmt.Errorf("writing %s: %w", fresh.Name(), err)
	}
	out, err := exec.CommandContext(ctx, fresh.Name(), "version", "--json").Output()
	if err != nil {
		return fmt.Errorf("trying the new program: %w; the present one stays", err)
	}
	var said struct{ Version string }
	if err := json.Unmarshal(out, &said); err != nil || said.Version != strings.TrimPrefix(version, "v") {
		return fmt.Errorf("the new program reports version %q, not %s. The current program stays", said.Version, version)
	}
	if err := os.Rename(fresh.Name(), file); err != nil {
		return fmt.Errorf("replacing %s: %w", file, err)
	}
	return nil
}

func programOf(archive []byte) ([]byte, error) {
	unzip, err := gzip.NewReader(bytes.NewReader(archive))
	if err != nil {
		return nil, fmt.Errorf("unpacking the release: %w", err)
	}
	in := tar.NewReader(unzip)
	for {
		header, err := in.Next()
		if errors.Is(err, io.EOF) {
			return nil, errors.New("the release has no program in it")
		}
		if err != nil {
			return nil, fmt.Errorf("unpacking the release: %w", err)
		}
		if header.Name == "openalgo-install" && header.Typeflag == tar.TypeReg {
			return io.ReadAll(io.LimitReader(in, maxArchive))
		}
	}
}

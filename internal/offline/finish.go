package offline

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"aead.dev/minisign"
)

// commands are what is run in the directory on the other machine. docker is the one that
// installs Docker; "" where there are no packages.
func commands(docker string) []string {
	out := []string{"sha256sum -c " + sums}
	if docker != "" {
		out = append(out, docker)
	}
	return append(out,
		"sudo install -m 755 "+Program+" /usr/local/bin/",
		`printf 'version: 1\nimage: {source: file, path: "%s"}\nbroker: {name: YOUR-BROKER, credentials: later}\n' "$PWD/`+ImageFile+`" >answers.yaml`,
		"sudo openalgo-install --answers answers.yaml")
}

// finish writes how the directory is used, the checksums of all files, and their
// signature.
func finish(ctx context.Context, o Options, m Made) error {
	var text strings.Builder
	fmt.Fprintf(&text, "OpenAlgo for a machine without internet.\n\nImage: %s\n       %s, %s\n\nCopy this directory to the machine. Run these commands in it:\n\n", m.Image, m.ImageID, m.Platform)
	for _, command := range m.Commands {
		fmt.Fprintf(&text, "    %s\n", command)
	}
	fmt.Fprintf(&text, "\nReplace YOUR-BROKER by the name of your broker, for example zerodha. To upgrade later, with a newer directory:\n\n    sudo openalgo-install upgrade --to \"$PWD/%s\"\n", ImageFile)
	if m.Signed {
		fmt.Fprintf(&text, "\nTo check who made the directory, before the other commands:\n\n    minisign -Vm %s -p YOUR-KEY.pub\n", sums)
	}
	if err := create(filepath.Join(o.Dir, readme), 0o644, func(w io.Writer) error { _, err := io.WriteString(w, text.String()); return err }); err != nil {
		return err
	}
	list, err := checksums(ctx, o.Dir)
	if err != nil {
		return err
	}
	if err := create(filepath.Join(o.Dir, sums), 0o644, func(w io.Writer) error { _, err := io.WriteString(w, list); return err }); err != nil || o.Key == nil {
		return err
	}
	return create(filepath.Join(o.Dir, signature), 0o644, func(w io.Writer) error {
		_, err := w.Write(minisign.SignWithComments(*o.Key, []byte(list), "openalgo-install bundle", "signature of "+sums))
		return err
	})
}

// checksums are those of all files below a directory, as sha256sum writes them.
func checksums(ctx context.Context, dir string) (string, error) {
	var out strings.Builder
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		file, err := os.Open(path)
		if err != nil {
			return err
		}
		defer file.Close()
		sum := sha256.New()
		if _, err := io.Copy(sum, file); err != nil {
			return err
		}
		fmt.Fprintf(&out, "%s  %s\n", hex.EncodeToString(sum.Sum(nil)), name)
		return nil
	})
	return out.String(), err
}

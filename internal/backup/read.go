package backup

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/klauspost/compress/zstd"
)

// ErrNoArchive says that a file is no whole archive of this program.
var ErrNoArchive = errors.New("this is no whole backup")

// maxText is the most that a file of the instance's directory has, in bytes.
const maxText = 4 << 20

// Archive is one that was read to its end, and is whole.
type Archive struct {
	Manifest Manifest
	Files    map[string][]byte // of the instance's directory
	Bytes    int64             // of all data, unpacked
	SQLite   []string          // names of the SQLite databases in it

	path string
	key  Key
	sums map[string]string
}

// Open reads an archive from its first to its last byte, and holds every file
// against its checksum.
func Open(ctx context.Context, name string, key Key) (*Archive, error) {
	a := &Archive{Files: map[string][]byte{}, path: name, key: key}
	found := map[string]string{}
	err := a.each(ctx, func(h *tar.Header, content io.Reader) error { return a.look(h, content, found) })
	if err == nil && a.sums == nil {
		err = errors.New("its end is missing")
	}
	for file, want := range a.sums {
		if err == nil && found[file] != want {
			err = fmt.Errorf("%s is not what was archived", file)
		}
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) || errors.Is(err, ErrSealed) {
		return nil, err
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrNoArchive, name, err)
	}
	return a, nil
}

func (a *Archive) look(h *tar.Header, content io.Reader, found map[string]string) error {
	switch {
	case a.sums != nil:
		return errors.New("it goes on after its end")
	case a.Manifest.Format == "":
		text, err := io.ReadAll(io.LimitReader(content, maxText))
		if h.Name != manifestName || err != nil || json.Unmarshal(text, &a.Manifest) != nil || a.Manifest.Format != format {
			return errors.New("it does not begin as one")
		}
		if a.Manifest.Version != 1 {
			return fmt.Errorf("a newer openalgo-install made it (form %d)", a.Manifest.Version)
		}
		sum := sha256.Sum256(text)
		found[h.Name] = hex.EncodeToString(sum[:])
		return nil
	case h.Name == sumsName:
		var err error
		a.sums, err = parseSums(content)
		return err
	case h.Typeflag == tar.TypeReg:
		sum := sha256.New()
		var err error
		if name, ok := strings.CutPrefix(h.Name, filesPrefix); ok {
			if a.Files[name], err = io.ReadAll(io.LimitReader(content, maxText)); err == nil {
				sum.Write(a.Files[name])
			}
		} else {
			err = a.lookAtData(h, content, sum)
		}
		found[h.Name] = hex.EncodeToString(sum.Sum(nil))
		return err
	}
	return nil
}

// sqliteMagic begins every SQLite database.
const sqliteMagic = "SQLite format 3\x00"

func (a *Archive) lookAtData(h *tar.Header, content io.Reader, sum io.Writer) error {
	head := make([]byte, len(sqliteMagic))
	n, err := io.ReadFull(content, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return err
	}
	if string(head[:n]) == sqliteMagic && !slices.Contains(a.SQLite, h.Name) {
		a.SQLite = append(a.SQLite, h.Name)
	}
	a.Bytes += h.Size
	_, _ = sum.Write(head[:n]) // a hash takes everything
	_, err = io.Copy(sum, content)
	return err
}

// each passes on every entry.
func (a *Archive) each(ctx context.Context, do func(*tar.Header, io.Reader) error) error {
	file, err := os.Open(a.path)
	if err != nil {
		return err
	}
	defer file.Close()
	plain, err := a.key.open(file)
	if err != nil {
		return err
	}
	unzip, err := zstd.NewReader(plain, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(8<<20))
	if err != nil {
		return err
	}
	defer unzip.Close()
	in := tar.NewReader(unzip)
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		header, err := in.Next()
		if errors.Is(err, io.EOF) {
			// What is left of the packed stream has its own checksum.
			_, err = io.Copy(io.Discard, unzip)
			return err
		}
		if err != nil {
			return err
		}
		if err := do(header, in); err != nil {
			return err
		}
	}
}

// Extract fills the directory of each tree, which is empty, with what the
// archive has of it, owners, modes and times too. Nothing is written outside.
func (a *Archive) Extract(ctx context.Context, trees map[string]string) error {
	return a.ExtractSome(ctx, trees, func(string) bool { return true })
}

// ExtractSome does so with the entries that are wanted, by their names.
func (a *Archive) ExtractSome(ctx context.Context, trees map[string]string, want func(string) bool) error {
	roots := map[string]*os.Root{}
	defer func() {
		for _, root := range roots {
			_ = root.Close()
		}
	}()
	for name, dir := range trees {
		root, err := os.OpenRoot(dir)
		if err != nil {
			return err
		}
		roots[name] = root
	}
	found := map[string]string{}
	err := a.each(ctx, func(h *tar.Header, content io.Reader) error {
		inside, ok := strings.CutPrefix(path.Clean(h.Name), dataPrefix)
		tree, name, _ := strings.Cut(inside, "/")
		root := roots[tree]
		if !ok || root == nil || !want(path.Clean(h.Name)) {
			return nil
		}
		if name == "" {
			name = "."
		}
		if _, listed := a.sums[path.Clean(h.Name)]; h.Typeflag == tar.TypeReg && !listed {
			return nil // it was gone by the end
		}
		sum := sha256.New()
		if err := place(root, name, h, io.TeeReader(content, sum)); err != nil {
			return fmt.Errorf("writing %s: %w", h.Name, err)
		}
		if h.Typeflag == tar.TypeReg {
			found[path.Clean(h.Name)] = hex.EncodeToString(sum.Sum(nil))
		}
		return nil
	})
	// The file may have changed since it was opened.
	for name, sum := range found {
		if err == nil && sum != a.sums[name] {
			err = fmt.Errorf("%w: %s is not what was archived", ErrNoArchive, name)
		}
	}
	return err
}

func place(root *os.Root, name string, h *tar.Header, content io.Reader) error {
	// A later entry replaces an earlier one, whatever that was.
	if info, err := root.Lstat(name); err == nil && info.Mode().Type() != h.FileInfo().Mode().Type() || h.Typeflag == tar.TypeSymlink {
		if err := root.RemoveAll(name); err != nil {
			return err
		}
	}
	switch h.Typeflag {
	case tar.TypeDir:
		if err := root.MkdirAll(name, 0o700); err != nil {
			return err
		}
	case tar.TypeSymlink:
		if err := root.Symlink(h.Linkname, name); err != nil {
			return err
		}
		return root.Lchown(name, h.Uid, h.Gid)
	case tar.TypeReg:
		if err := root.MkdirAll(path.Dir(name), 0o755); err != nil {
			return err
		}
		if err := placeFile(root, name, content); err != nil {
			return err
		}
	default:
		return fmt.Errorf("an entry of the type %q", h.Typeflag)
	}
	if err := root.Lchown(name, h.Uid, h.Gid); err != nil {
		return err
	}
	if err := root.Chmod(name, h.FileInfo().Mode().Perm()); err != nil {
		return err
	}
	return root.Chtimes(name, h.ModTime, h.ModTime)
}

func placeFile(root *os.Root, name string, content io.Reader) (err error) {
	file, err := root.OpenFile(name, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if _, err := io.Copy(file, content); err != nil {
		return err
	}
	return file.Sync()
}

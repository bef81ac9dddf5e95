package backup

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strings"
)

// Extract fills the empty directory of each tree from the archive, with owners,
// modes and times. Nothing is written outside.
func (a *Archive) Extract(ctx context.Context, trees map[string]string) error {
	return a.extractSome(ctx, trees, func(string) bool { return true })
}

// extractSome does so with the entries that are wanted, by their names.
func (a *Archive) extractSome(ctx context.Context, trees map[string]string, want func(string) bool) error {
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
	found := map[string]sum{}
	err := a.each(ctx, func(h *tar.Header, content io.Reader) error {
		inside, ok := strings.CutPrefix(h.Name, dataPrefix)
		tree, name, _ := strings.Cut(inside, "/")
		root := roots[tree]
		if !ok || root == nil || !want(h.Name) {
			return nil
		}
		if name == "" {
			name = "."
		}
		if _, listed := a.sums[h.Name]; h.Typeflag == tar.TypeReg && !listed {
			return nil // it was gone by the end
		}
		hash := sha256.New()
		if err := place(root, name, h, io.TeeReader(content, hash)); err != nil {
			return fmt.Errorf("writing %.80q: %w", h.Name, err)
		}
		if h.Typeflag == tar.TypeReg {
			found[h.Name] = sum(hash.Sum(nil))
		}
		return nil
	})
	// The file may have changed since it was opened.
	for name, got := range found {
		if err == nil && got != a.sums[name] {
			err = fmt.Errorf("%w: %.80q is not what was archived", ErrNoArchive, name)
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

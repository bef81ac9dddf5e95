package backup

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/klauspost/compress/zstd"
	"golang.org/x/sys/unix"

	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/meter"
)

// ErrNoArchive says that a file is no whole archive of this program.
var ErrNoArchive = errors.New("this is not a complete backup")

// Archive is one that was read to its end, and is whole.
type Archive struct {
	Manifest Manifest
	Files    map[string][]byte // of the instance's directory
	Bytes    int64             // of all data, unpacked
	Held     map[string]int64  // of the data of each tree, as a restore leaves it
	SQLite   []string          // names of the SQLite databases in it

	path string
	key  Key
	sums map[string]sum
}

type sum [sha256.Size]byte

// Open reads an archive from its first to its last byte, and holds every file
// against its checksum. An archive that cannot be a backup of this program (with a
// device, a link or name that leads out, or more than fits into memory) is refused
// here, before any part of it is used.
func Open(ctx context.Context, name string, key Key) (*Archive, error) {
	a := &Archive{Files: map[string][]byte{}, Held: map[string]int64{}, path: name, key: key}
	r := reading{a: a, found: map[string]seen{}}
	err := a.each(ctx, r.entry)
	if err == nil {
		err = r.end()
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) || errors.Is(err, ErrSealed) || errors.Is(err, ErrPlain) {
		return nil, err
	}
	switch {
	case errors.Is(err, unix.ENOTDIR): // a part of its path is a file
		return nil, fmt.Errorf("there is no %s: %w", name, fs.ErrNotExist)
	case a.Manifest.Format == "" && (errors.Is(err, zstd.ErrMagicMismatch) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)):
		return nil, finding.Cause("backup-unusable", name+" is not an openalgo-install backup", ErrNoArchive)
	case err != nil:
		return nil, fmt.Errorf("%w: %s: %w", ErrNoArchive, name, err)
	}
	return a, nil
}

// seen is what a pass found of one file.
type seen struct {
	sum    sum
	size   int64
	sqlite bool
}

// reading is the first pass over an archive.
type reading struct {
	a     *Archive
	found map[string]seen
}

func (r *reading) entry(h *tar.Header, content io.Reader) error {
	switch {
	case r.a.sums != nil:
		return errors.New("the file continues after the end of the backup")
	case r.a.Manifest.Format == "":
		return r.manifest(h, content)
	case h.Name == sumsName:
		var err error
		r.a.sums, err = parseSums(content)
		return err
	}
	if name, ok := strings.CutPrefix(h.Name, filesPrefix); ok {
		text, err := io.ReadAll(content)
		r.a.Files[name], r.found[h.Name] = text, seen{sum: sha256.Sum256(text)}
		return err
	}
	if !slices.ContainsFunc(r.a.Manifest.Trees, func(t Tree) bool { return t.Name == treeOf(h.Name) }) {
		return fmt.Errorf("%.80q is in no directory that it lists", h.Name)
	}
	if h.Typeflag != tar.TypeReg {
		delete(r.found, h.Name) // it was a file when it was archived first
		return nil
	}
	return r.data(h, content)
}

func (r *reading) manifest(h *tar.Header, content io.Reader) error {
	text, err := io.ReadAll(content)
	m := &r.a.Manifest
	if h.Name != manifestName || err != nil || json.Unmarshal(text, m) != nil || m.Format != format {
		return errors.New("the file does not begin like a backup")
	}
	if m.Version != 1 {
		return fmt.Errorf("a newer openalgo-install created it (format %d)", m.Version)
	}
	names := map[string]bool{}
	for _, t := range m.Trees {
		if checkName(t.Name) != nil || strings.ContainsAny(t.Name, `/\`) || names[t.Name] || t.Bytes < 0 {
			return fmt.Errorf("it lists the directory %.80q, or lists it twice", t.Name)
		}
		names[t.Name] = true
	}
	r.found[h.Name] = seen{sum: sha256.Sum256(text)}
	return nil
}

// treeOf is TREE in data/TREE/...; "" for another name.
func treeOf(name string) string {
	inside, ok := strings.CutPrefix(name, dataPrefix)
	tree, _, _ := strings.Cut(inside, "/")
	if !ok {
		return ""
	}
	return tree
}

// sqliteMagic begins every SQLite database.
const sqliteMagic = "SQLite format 3\x00"

func (r *reading) data(h *tar.Header, content io.Reader) error {
	head := make([]byte, len(sqliteMagic))
	n, err := io.ReadFull(content, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return err
	}
	hash := sha256.New()
	_, _ = hash.Write(head[:n]) // a hash takes everything
	if _, err = io.Copy(hash, content); err != nil {
		return err
	}
	r.a.Bytes += h.Size
	r.found[h.Name] = seen{sum: sum(hash.Sum(nil)), size: h.Size, sqlite: string(head[:n]) == sqliteMagic}
	return nil
}

// end holds what was read against the sums.
func (r *reading) end() error {
	if r.a.sums == nil {
		return errors.New("its end is missing")
	}
	for name, want := range r.a.sums {
		got, ok := r.found[name]
		if !ok || got.sum != want {
			return fmt.Errorf("%.80q is not what was archived", name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(r.found)) {
		if _, listed := r.a.sums[name]; !listed {
			if text, ok := strings.CutPrefix(name, filesPrefix); ok || name == manifestName {
				return fmt.Errorf("%.80q is in no sum", text)
			}
			continue // it was gone after the stop
		}
		if got := r.found[name]; treeOf(name) != "" {
			r.a.Held[treeOf(name)] += got.size
			if got.sqlite {
				r.a.SQLite = append(r.a.SQLite, name)
			}
		}
	}
	return nil
}

// openRegular opens a file, and nothing that would block or never end.
func openRegular(name string) (*os.File, error) {
	file, err := os.OpenFile(name, os.O_RDONLY|unix.O_NONBLOCK|unix.O_NOCTTY, 0)
	if err != nil {
		return nil, err
	}
	if info, err := file.Stat(); err != nil || !info.Mode().IsRegular() {
		_ = file.Close()
		return nil, errors.Join(err, errors.New("it is not a file"))
	}
	return file, nil
}

// each passes on every entry, once its shape is right.
func (a *Archive) each(ctx context.Context, do func(*tar.Header, io.Reader) error) error {
	file, err := openRegular(a.path)
	if err != nil {
		return err
	}
	defer file.Close()
	if info, err := file.Stat(); err == nil {
		meter.Expect(ctx, info.Size())
	}
	plain, err := a.key.open(meter.Reader(ctx, file), IsSealed(a.path))
	if err != nil {
		return err
	}
	unzip, err := zstd.NewReader(plain, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(8<<20))
	if err != nil {
		return err
	}
	defer unzip.Close()
	text := untilDone{ctx, unzip}
	in, right := tar.NewReader(text), newShape()
	for {
		header, err := in.Next()
		if errors.Is(err, io.EOF) {
			return theEnd(text)
		}
		if err == nil {
			err = right.check(header)
		}
		if err == nil {
			err = do(header, in)
		}
		if err != nil {
			return err
		}
	}
}

// theEnd reads what is left of the packed stream, which has its own checksum.
func theEnd(text io.Reader) error {
	n, err := io.Copy(io.Discard, io.LimitReader(text, maxAfter+1))
	if err == nil && n > maxAfter {
		err = errors.New("the file continues after the end of the backup")
	}
	return err
}

// untilDone reads until a context ends: a small file may be unpacked for hours.
type untilDone struct {
	ctx context.Context
	in  io.Reader
}

func (r untilDone) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.in.Read(p)
}

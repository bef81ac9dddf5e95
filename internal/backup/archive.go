// Package backup writes and reads the archive of an instance: a tar, packed
// with zstd, that begins with its manifest and ends with the SHA-256 of every
// file in it, so that one which was cut off or changed is recognised before
// anything of it is used. It knows files and directories, and nothing of the
// engine.
package backup

import (
	"archive/tar"
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/marketcalls/openalgo-install/internal/backup/spec"
	"github.com/marketcalls/openalgo-install/internal/meter"
)

// Names of entries.
const (
	manifestName = "manifest.json"
	sumsName     = "SHA256SUMS"
	filesPrefix  = "files/" // of the instance's directory
	dataPrefix   = "data/"  // of its volumes
)

const format = "openalgo-install backup"

// Manifest says what an archive holds.
type Manifest = spec.Manifest

// Image is what the data was used with last.
type Image = spec.Image

// Tree is one data directory of the app.
type Tree = spec.Tree

// early is what may be archived while the app still runs: large files that
// nobody has written for a while. One that changes all the same is archived
// again after the stop.
const (
	earlyBytes = 16 << 20
	earlyAge   = time.Minute
)

// Writer writes an archive.
type Writer struct {
	zip   *zstd.Encoder
	tar   *tar.Writer
	sums  map[string]sum
	known map[string]stamp // files that are in it, as they were when read
	left  []string         // what is not in it, and why
	bytes int64            // of the data that was archived
}

// Bytes is how much data was archived so far.
func (w *Writer) Bytes() int64 { return w.bytes }

// LeftOut lists links that lead out of the data. They are not in the archive,
// since a restore would refuse them.
func (w *Writer) LeftOut() []string { return w.left }

// stamp tells whether a file changed.
type stamp struct {
	size           int64
	written, inode syscall.Timespec
	ino            uint64
}

func stampOf(info fs.FileInfo) stamp {
	s := stamp{size: info.Size()}
	if stat, ok := info.Sys().(*syscall.Stat_t); ok {
		s.written, s.inode, s.ino = stat.Mtim, stat.Ctim, stat.Ino
	}
	return s
}

// NewWriter begins an archive.
func NewWriter(out io.Writer, m Manifest) (*Writer, error) {
	// Windows of 4 MiB keep the memory small, whatever is packed.
	zip, err := zstd.NewWriter(out, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithWindowSize(4<<20),
		zstd.WithEncoderConcurrency(2), zstd.WithLowerEncoderMem(true))
	if err != nil {
		return nil, err
	}
	w := &Writer{zip: zip, tar: tar.NewWriter(zip), sums: map[string]sum{}, known: map[string]stamp{}}
	m.Format, m.Version = format, 1
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return nil, err
	}
	return w, w.text(manifestName, append(text, '\n'))
}

// File adds a file of the instance's directory.
func (w *Writer) File(name string, text []byte) error { return w.text(filesPrefix+name, text) }

func (w *Writer) text(name string, text []byte) error {
	w.sums[name] = sha256.Sum256(text)
	if err := w.tar.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: int64(len(text)), Typeflag: tar.TypeReg}); err != nil {
		return err
	}
	_, err := w.tar.Write(text)
	return err
}

// Early archives what can be while the app runs.
func (w *Writer) Early(ctx context.Context, t Tree) error {
	isEarly := func(_ string, info fs.FileInfo) bool {
		return info.Mode().IsRegular() && info.Size() >= earlyBytes && time.Since(info.ModTime()) > earlyAge
	}
	var bytes int64
	err := w.walk(ctx, t, func(name string, info fs.FileInfo) bool {
		if isEarly(name, info) {
			bytes += info.Size()
		}
		return false
	})
	if err != nil {
		return err
	}
	meter.Expect(ctx, bytes)
	return w.walk(ctx, t, isEarly)
}

// Tree archives all of a tree that is not in the archive as it is now. Nobody
// may write it meanwhile.
func (w *Writer) Tree(ctx context.Context, t Tree) error {
	seen := map[string]bool{}
	err := w.walk(ctx, t, func(name string, info fs.FileInfo) bool {
		seen[name] = true
		was, known := w.known[name]
		return !known || was != stampOf(info)
	})
	for name := range w.known {
		if strings.HasPrefix(name, dataPrefix+t.Name+"/") && !seen[name] {
			delete(w.sums, name) // gone since it was archived
		}
	}
	return err
}

func (w *Writer) walk(ctx context.Context, t Tree, want func(string, fs.FileInfo) bool) error {
	if info, err := os.Lstat(t.Path); err != nil || !info.IsDir() {
		return errors.Join(err, fmt.Errorf("%s is not a directory", t.Path))
	}
	return filepath.WalkDir(t.Path, func(at string, entry fs.DirEntry, err error) error {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
		inside, err := filepath.Rel(t.Path, at)
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		if name := path.Join(dataPrefix+t.Name, filepath.ToSlash(inside)); want(name, info) {
			return w.entry(ctx, name, at, info)
		}
		return nil
	})
}

func (w *Writer) entry(ctx context.Context, name, at string, info fs.FileInfo) error {
	link := ""
	if !info.Mode().IsRegular() { // it may have been a file when it was archived early
		delete(w.sums, name)
		delete(w.known, name)
	}
	if info.Mode()&fs.ModeSymlink != 0 {
		var err error
		if link, err = os.Readlink(at); err != nil {
			return err
		}
		if checkLink(name, link) != nil {
			w.left = append(w.left, at+" -> "+link)
			return nil
		}
	}
	if !info.Mode().IsRegular() && !info.IsDir() && link == "" {
		return nil // a socket or pipe holds no data
	}
	header, err := tar.FileInfoHeader(info, link)
	if err != nil {
		return err
	}
	header.Name, header.Uname, header.Gname, header.Format = name, "", "", tar.FormatPAX
	if err := w.tar.WriteHeader(header); err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return nil
	}
	file, err := os.Open(at)
	if err != nil {
		return err
	}
	defer file.Close()
	hash := sha256.New()
	n, err := io.Copy(io.MultiWriter(w.tar, hash), meter.Reader(ctx, io.LimitReader(file, header.Size)))
	w.bytes += n
	if err != nil {
		return err
	}
	// One that became shorter meanwhile is archived again, but the tar must go on.
	if err := pad(w.tar, hash, header.Size-n); err != nil {
		return err
	}
	w.sums[name], w.known[name] = sum(hash.Sum(nil)), stampOf(info)
	return nil
}

func pad(out io.Writer, h hash.Hash, n int64) error {
	zeros := make([]byte, 64<<10)
	for n > 0 {
		part := zeros[:min(n, int64(len(zeros)))]
		h.Write(part)
		if _, err := out.Write(part); err != nil {
			return err
		}
		n -= int64(len(part))
	}
	return nil
}

// Close ends the archive with the sums; what was written before is no archive
// without them.
func (w *Writer) Close() error {
	var text strings.Builder
	for _, name := range slices.Sorted(maps.Keys(w.sums)) {
		fmt.Fprintf(&text, "%x  %s\n", w.sums[name], escape.Replace(name))
	}
	err := w.tar.WriteHeader(&tar.Header{Name: sumsName, Mode: 0o600, Size: int64(text.Len()), Typeflag: tar.TypeReg})
	if err == nil {
		_, err = io.WriteString(w.tar, text.String())
	}
	return errors.Join(err, w.tar.Close(), w.zip.Close())
}

// A file's name may hold a line break.
var (
	escape   = strings.NewReplacer(`\`, `\\`, "\n", `\n`)
	unescape = strings.NewReplacer(`\\`, `\`, `\n`, "\n")
)

// Abandon ends the writing of an archive that is none.
func (w *Writer) Abandon() error {
	w.zip.Reset(io.Discard)
	return w.zip.Close()
}

func parseSums(text io.Reader) (map[string]sum, error) {
	sums := map[string]sum{}
	lines := bufio.NewScanner(text)
	lines.Buffer(nil, 4*maxName)
	for lines.Scan() {
		digits, name, ok := strings.Cut(lines.Text(), "  ")
		value, err := hex.DecodeString(digits)
		name = unescape.Replace(name)
		_, twice := sums[name]
		if !ok || err != nil || len(value) != sha256.Size || twice || len(sums) >= maxEntries {
			return nil, fmt.Errorf("%s has a line of another form", sumsName)
		}
		sums[name] = sum(value)
	}
	return sums, lines.Err()
}

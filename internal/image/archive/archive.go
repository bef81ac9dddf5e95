// Package archive reads an image out of a file that docker save wrote, plain or
// compressed, and hands it to Docker under one name. Such a file comes from elsewhere:
// it is bounded, holds one image, and none of its names reaches Docker.
package archive

import (
	"archive/tar"
	"bufio"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strings"
	"syscall"

	"github.com/klauspost/compress/zstd"
)

// What an archive may hold. The image of OpenAlgo has some 20 entries and 1.5 GB.
const (
	mostBytes   = 32 << 30
	mostEntries = 4096
	mostText    = 4 << 20  // of one file of JSON
	mostTexts   = 32 << 20 // of all small files together
	mostWindow  = 128 << 20
)

// The files that say what else an archive holds. The last is of old releases.
const (
	manifestName = "manifest.json"
	indexName    = "index.json"
	oldName      = "repositories"
)

// ErrNoArchive is returned for a file that holds no image that can be loaded.
var ErrNoArchive = errors.New("is no archive of one image, as docker save writes it")

func broken(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrNoArchive, fmt.Sprintf(format, args...))
}

// opened is an archive that is read once, from its beginning.
type opened struct {
	*tar.Reader
	close   func()
	seen    map[string]bool
	bytes   int64
	ctx     context.Context
	members int
}

// open opens an archive and undoes its compression.
func open(ctx context.Context, name string) (*opened, error) {
	file, err := os.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0) // a pipe would wait for a writer
	if err != nil {
		return nil, err
	}
	o := &opened{close: func() { file.Close() }, seen: map[string]bool{}, ctx: ctx}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = broken("it is no regular file")
	}
	if err != nil {
		o.close()
		return nil, err
	}
	in := bufio.NewReaderSize(file, 1<<20)
	head, _ := in.Peek(4)
	plain := io.Reader(in)
	switch {
	case strings.HasPrefix(string(head), "\x1f\x8b"):
		plain, err = gzip.NewReader(in)
	case string(head) == "\x28\xb5\x2f\xfd":
		var unzip *zstd.Decoder
		unzip, err = zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(mostWindow))
		if err == nil {
			plain, o.close = unzip, func() { unzip.Close(); file.Close() }
		}
	}
	if err != nil {
		o.close()
		return nil, broken("%v", err)
	}
	o.Reader = tar.NewReader(io.LimitReader(plain, mostBytes))
	return o, nil
}

// next is the next entry, if it is one that an image may have.
func (o *opened) next() (*tar.Header, error) {
	if err := o.ctx.Err(); err != nil {
		return nil, err
	}
	h, err := o.Next()
	if errors.Is(err, io.EOF) {
		return nil, io.EOF
	}
	if err != nil {
		return nil, broken("%v", err)
	}
	o.members++
	o.bytes += h.Size
	h.Name = path.Clean(h.Name)
	switch {
	case o.members > mostEntries || o.bytes > mostBytes:
		return nil, broken("it is too large")
	case path.IsAbs(h.Name) || h.Name == ".." || strings.HasPrefix(h.Name, "../"):
		return nil, broken("it has a file outside of itself")
	case h.Typeflag != tar.TypeReg && h.Typeflag != tar.TypeDir && h.Typeflag != tar.TypeSymlink:
		return nil, broken("%q is neither a file nor a directory", h.Name)
	case h.Typeflag != tar.TypeDir && o.seen[h.Name]:
		return nil, broken("it has %q twice", h.Name)
	case h.Typeflag != tar.TypeReg && isIndex(h.Name):
		return nil, broken("%q is no file", h.Name)
	}
	o.seen[h.Name] = true
	return h, nil
}

func isIndex(name string) bool { return name == manifestName || name == indexName || name == oldName }

// text reads a small file whole.
func (o *opened) text(h *tar.Header) ([]byte, error) {
	if h.Size > mostText {
		return nil, broken("%q is too large", h.Name)
	}
	text, err := io.ReadAll(io.LimitReader(o, mostText))
	if err != nil {
		return nil, broken("%v", err)
	}
	return text, nil
}

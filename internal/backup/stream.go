package backup

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/meter"
)

// Stream archives data that comes as a tar of the trees, from where no path of this
// machine leads. It returns the tar's last entry, which must have the name end: without
// it the tar was cut off.
func (w *Writer) Stream(ctx context.Context, in io.Reader, trees []string, end string) ([]byte, error) {
	from, right := tar.NewReader(untilDone{ctx, meter.Reader(ctx, in)}), newShape()
	for {
		h, err := from.Next()
		if errors.Is(err, io.EOF) {
			return nil, errors.New("the copy was cut off")
		}
		if err != nil {
			return nil, err
		}
		if h.Name == end {
			return io.ReadAll(io.LimitReader(from, maxManifest))
		}
		name := strings.TrimSuffix(h.Name, "/")
		if tree, _, _ := strings.Cut(name, "/"); !slices.Contains(trees, tree) {
			return nil, fmt.Errorf("%.80q is in no directory of OpenAlgo's data", h.Name)
		}
		if h.Typeflag == tar.TypeSymlink && checkLink(dataPrefix+name, h.Linkname) != nil {
			w.left = append(w.left, name+" -> "+h.Linkname)
			continue
		}
		h.Name = dataPrefix + name
		if err := right.check(h); err != nil {
			return nil, err
		}
		if err := w.received(h, from); err != nil {
			return nil, err
		}
	}
}

func (w *Writer) received(h *tar.Header, content io.Reader) error {
	clean := &tar.Header{Typeflag: h.Typeflag, Name: h.Name, Linkname: h.Linkname, Size: h.Size, Mode: h.Mode & 0o777, Uid: h.Uid, Gid: h.Gid, ModTime: h.ModTime, Format: tar.FormatPAX}
	if err := w.tar.WriteHeader(clean); err != nil || h.Typeflag != tar.TypeReg {
		return err
	}
	hash := sha256.New()
	n, err := io.Copy(io.MultiWriter(w.tar, hash), content)
	w.bytes += n
	w.sums[h.Name] = sum(hash.Sum(nil))
	return err
}

// Send writes the data of some trees as such a tar, each file as it was in the end,
// and returns how many files and bytes that were.
func (a *Archive) Send(ctx context.Context, out *tar.Writer, trees []string) (files int, bytes int64, err error) {
	last := map[string]int{} // how often a file is in the archive
	count := func(h *tar.Header, _ io.Reader) error {
		if h.Typeflag == tar.TypeReg {
			last[h.Name]++
		}
		return nil
	}
	if err := a.each(ctx, count); err != nil {
		return 0, 0, err
	}
	err = a.each(ctx, func(h *tar.Header, content io.Reader) error {
		inside, ok := strings.CutPrefix(h.Name, dataPrefix)
		if tree, _, _ := strings.Cut(inside, "/"); !ok || !slices.Contains(trees, tree) {
			return nil
		}
		want, listed := a.sums[h.Name]
		if h.Typeflag == tar.TypeReg {
			if last[h.Name]--; last[h.Name] > 0 || !listed {
				return nil // archived again later, or gone by the end
			}
		}
		clean := &tar.Header{Typeflag: h.Typeflag, Name: inside, Linkname: h.Linkname, Size: h.Size, Mode: h.Mode & 0o777, ModTime: h.ModTime, Format: tar.FormatPAX}
		if err := out.WriteHeader(clean); err != nil || h.Typeflag != tar.TypeReg {
			return err
		}
		hash := sha256.New()
		n, err := io.Copy(io.MultiWriter(out, hash), content)
		if err == nil && sum(hash.Sum(nil)) != want {
			err = fmt.Errorf("%w: %.80q is not what was archived", ErrNoArchive, h.Name)
		}
		files++
		bytes += n
		return err
	})
	return files, bytes, err
}

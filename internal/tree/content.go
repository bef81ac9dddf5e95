package tree

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/marketcalls/openalgo-install/internal/meter"
)

// copyContent copies what is in a file. Holes stay holes, and a file system that can
// share blocks does (io.Copy asks the kernel for that).
func copyContent(ctx context.Context, to, from *os.File) error {
	info, err := from.Stat()
	if err != nil {
		return err
	}
	size, at := info.Size(), int64(0)
	for at < size {
		begin, err := from.Seek(at, unix.SEEK_DATA)
		if errors.Is(err, unix.ENXIO) {
			meter.Add(ctx, size-at)
			break // the rest is a hole
		}
		if err != nil { // a file system that knows no holes
			return copyRest(ctx, to, from, at)
		}
		end, err := from.Seek(begin, unix.SEEK_HOLE)
		if err != nil {
			return copyRest(ctx, to, from, begin)
		}
		meter.Add(ctx, begin-at)
		if err := copyPart(ctx, to, from, begin, end-begin); err != nil {
			return err
		}
		at = end
	}
	return to.Truncate(size)
}

// partBytes is how much is copied between two looks at the context.
const partBytes = 16 << 20

func copyPart(ctx context.Context, to, from *os.File, at, bytes int64) error {
	if err := seek(to, from, at); err != nil {
		return err
	}
	for bytes > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := io.CopyN(to, from, min(bytes, partBytes))
		meter.Add(ctx, n)
		if err != nil {
			return err
		}
		bytes -= n
	}
	return nil
}

func copyRest(ctx context.Context, to, from *os.File, at int64) error {
	if err := seek(to, from, at); err != nil {
		return err
	}
	n, err := io.Copy(to, from)
	meter.Add(ctx, n)
	return err
}

func seek(to, from *os.File, at int64) error {
	if _, err := from.Seek(at, io.SeekStart); err != nil {
		return err
	}
	_, err := to.Seek(at, io.SeekStart)
	return err
}

// CopyAttributes copies the extended attributes that are people's: their own, and
// access lists. A file system that has none keeps none.
func CopyAttributes(to, from *os.File) error {
	list := make([]byte, 64<<10) // the kernel gives no more
	n, err := unix.Flistxattr(int(from.Fd()), list)
	if errors.Is(err, unix.ENOTSUP) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("list the attributes of %s: %w", from.Name(), err)
	}
	for name := range strings.SplitSeq(strings.TrimRight(string(list[:n]), "\x00"), "\x00") {
		if !strings.HasPrefix(name, "user.") && !strings.HasPrefix(name, "system.posix_acl_") {
			continue
		}
		value := make([]byte, 64<<10)
		n, err := unix.Fgetxattr(int(from.Fd()), name, value)
		if errors.Is(err, unix.ENODATA) {
			continue // it has gone since
		}
		if err == nil {
			err = unix.Fsetxattr(int(to.Fd()), name, value[:n], 0)
		}
		if err != nil && !errors.Is(err, unix.ENOTSUP) {
			return fmt.Errorf("copy the attribute %s of %s: %w", name, from.Name(), err)
		}
	}
	return nil
}

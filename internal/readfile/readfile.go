// Package readfile reads files that somebody else may have written. Each read has
// a limit in bytes, and ends.
package readfile

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/docker/go-units"
	"golang.org/x/sys/unix"
)

// The largest file of each kind that is read, in bytes.
const (
	Config = 1 << 20  // .env, answers, Compose files, .dockerignore
	Secret = 64 << 10 // one secret, a certificate, a private key
	Own    = 16 << 20 // what this program wrote: journal, state
)

// ErrTooLarge says that a file holds more than the limit.
var ErrTooLarge = errors.New("the file is too large")

// ErrNotRegular says that a file is a pipe, a device, a socket or a directory.
var ErrNotRegular = errors.New("not a regular file")

// Regular returns the content of a regular file. A link is followed: the name
// is the caller's. Any other type is refused without waiting.
//
//go:noinline
func Regular(path string, most int64) ([]byte, error) {
	return read(os.OpenFile, path, 0, most)
}

// NoLink is Regular, but refuses a link in the place of the file.
//
//go:noinline
func NoLink(path string, most int64) ([]byte, error) {
	return read(os.OpenFile, path, unix.O_NOFOLLOW, most)
}

// In is Regular for a name below a directory, out of which no link leads.
func In(root *os.Root, name string, most int64) ([]byte, error) {
	return read(root.OpenFile, name, 0, most)
}

func read(open func(string, int, fs.FileMode) (*os.File, error), name string, flags int, most int64) ([]byte, error) {
	// O_NONBLOCK: opening a pipe would wait for its writer.
	file, err := open(name, os.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC|flags, 0)
	if errors.Is(err, unix.ELOOP) && flags&unix.O_NOFOLLOW != 0 {
		return nil, fmt.Errorf("%s: %w (it is a link)", name, ErrNotRegular)
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: %w (%s)", name, ErrNotRegular, kind(info.Mode()))
	}
	return Open(file, name, most)
}

// Open is for a regular file that is open already.
//
//go:noinline
func Open(file *os.File, name string, most int64) ([]byte, error) {
	return limited(file, name, most)
}

// Input returns what a user handed over for reading: a file, a pipe, a process
// substitution. It returns when ctx ends, whatever the other end does.
func Input(ctx context.Context, path string, most int64) ([]byte, error) {
	return until(ctx, func() ([]byte, error) {
		file, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		defer file.Close()
		return limited(file, path, most)
	})
}

// Stream is Input for what is open already, as stdin is.
func Stream(ctx context.Context, from io.Reader, name string, most int64) ([]byte, error) {
	return until(ctx, func() ([]byte, error) { return limited(from, name, most) })
}

// Line returns the next line, its end included, as bufio.Reader.ReadString does.
func Line(ctx context.Context, from *bufio.Reader, most int) (string, error) {
	line, err := until(ctx, func() ([]byte, error) {
		var line []byte
		for {
			part, err := from.ReadSlice('\n')
			line = append(line, part...)
			if len(line) > most {
				return nil, fmt.Errorf("the line: %w (the limit is %s)", ErrTooLarge, units.BytesSize(float64(most)))
			}
			if !errors.Is(err, bufio.ErrBufferFull) {
				return line, err
			}
		}
	})
	return string(line), err
}

// until leaves a read behind that does not end: the process is about to.
func until(ctx context.Context, read func() ([]byte, error)) ([]byte, error) {
	type result struct {
		data []byte
		err  error
	}
	done := make(chan result, 1)
	go func() {
		data, err := read()
		done <- result{data, err}
	}()
	select {
	case r := <-done:
		return r.data, r.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func limited(from io.Reader, name string, most int64) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(from, most+1))
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > most {
		return nil, fmt.Errorf("%s: %w (the limit is %s)", name, ErrTooLarge, units.BytesSize(float64(most)))
	}
	return data, nil
}

func kind(mode fs.FileMode) string {
	switch {
	case mode.IsDir():
		return "a directory"
	case mode&fs.ModeNamedPipe != 0:
		return "a pipe"
	case mode&fs.ModeSocket != 0:
		return "a socket"
	case mode&fs.ModeDevice != 0:
		return "a device"
	}
	return "of another type"
}

// Optional is Regular for a file of the user's; nil where there is none.
func Optional(path string) ([]byte, error) {
	data, err := Regular(path, Config)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return data, err
}

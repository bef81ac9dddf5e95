package mirror

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/marketcalls/openalgo-install/internal/meter"
	"github.com/marketcalls/openalgo-install/internal/readfile"
)

const (
	blockBytes = 64 << 10
	partBytes  = 512 * blockBytes // what one worker does of a file
	mostOpen   = 256              // files at a time
	mostHeld   = 64 << 20         // bytes that are kept in memory
)

var zeros = make([]byte, blockBytes)

// seed makes the hashes of blocks ones that no content can be made for.
var seed = maphash.MakeSeed()

// file is one file while it is copied.
type file struct {
	m        *Mirror
	name     string
	from, to *os.File
	size     int64
	e        *entry

	holds bool // what is to be written is kept in memory, as far as it fits
	mu    sync.Mutex
	held  []block
}

// block is a part of a file.
type block struct {
	at   int64
	text []byte
}

// openFile opens a file and its copy; nil where it is gone, or no file any more: the
// next pass sees that.
func (m *Mirror) openFile(name string) (*file, error) {
	from, err := m.from.OpenFile(name, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, gone(err)
	}
	info, err := from.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s: %w", name, readfile.ErrNotRegular)
	}
	if err != nil {
		return nil, errors.Join(err, from.Close())
	}
	f := &file{m: m, name: name, from: from, size: info.Size(), e: &entry{info: info, stamp: stampOf(info)}}
	// Before it is read: what is written meanwhile changes the stamp.
	f.e.fresh = time.Since(info.ModTime()) < freshTime
	was := m.known[name]
	if was != nil {
		f.e.blocks = was.blocks
	}
	blocks := int((f.size + blockBytes - 1) / blockBytes)
	for len(f.e.blocks) < blocks {
		f.e.blocks = append(f.e.blocks, 0)
	}
	f.e.blocks = f.e.blocks[:blocks]
	if was != nil {
		was.blocks, was.fresh = f.e.blocks, true // until it is copied
	}
	if f.to, err = m.to.OpenFile(name, os.O_CREATE|os.O_WRONLY, 0o600); err != nil {
		return nil, errors.Join(err, from.Close())
	}
	return f, nil
}

// part copies the blocks from a place on that differ from those of the copy.
func (f *file) part(ctx context.Context, at int64) error {
	buffer := make([]byte, blockBytes)
	for end := min(at+partBytes, f.size); at < end; at += blockBytes {
		if err := ctx.Err(); err != nil {
			return err
		}
		part := buffer[:min(blockBytes, f.size-at)]
		n, err := f.from.ReadAt(part, at)
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		meter.Add(ctx, int64(len(part)))
		clear(part[n:]) // it became shorter meanwhile, and is copied again
		hash := maphash.Bytes(seed, part) | 1
		i := at / blockBytes
		if f.e.blocks[i] == hash {
			continue
		}
		if hole := f.e.blocks[i] == 0 && bytes.Equal(part, zeros[:len(part)]); !hole {
			if err := f.write(part, at); err != nil {
				return err
			}
		}
		f.e.blocks[i] = hash
	}
	return nil
}

// write writes a block into the copy, or keeps it in memory.
func (f *file) write(text []byte, at int64) error {
	if !f.holds || f.m.held.Add(int64(len(text))) > mostHeld {
		_, err := f.to.WriteAt(text, at)
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.held = append(f.held, block{at, bytes.Clone(text)})
	return nil
}

// flush writes what was kept in memory.
func (f *file) flush() (err error) {
	for _, b := range f.held {
		if err == nil {
			_, err = f.to.WriteAt(b.text, b.at)
		}
	}
	if err == nil {
		err = f.to.Truncate(f.size)
	}
	return errors.Join(err, f.to.Close())
}

// close ends the copy of a file; whole says that all of it was copied.
func (f *file) close(whole, durable bool) error {
	var err error
	if whole && f.holds {
		f.m.known[f.name] = f.e
		f.m.pending = append(f.m.pending, f)
		return f.from.Close()
	}
	if whole {
		err = f.to.Truncate(f.size)
	}
	if err == nil && whole && durable {
		err = f.to.Sync()
	}
	if err = errors.Join(err, f.to.Close(), f.from.Close()); err == nil && whole {
		f.m.known[f.name] = f.e
	}
	return err
}

package elsewhere

import (
	"errors"
	"fmt"
	"io"
	"slices"
)

// Bytes on the way at a time, in blocks: of a size that every server takes, or larger
// ones where it says so. A line with a long delay is filled all the same.
const (
	onTheWay   = 4 << 20
	blockBytes = 32 << 10
	mostBlock  = 128 << 10
)

// block is a part of a file that the server has not confirmed.
type block struct {
	id     uint32
	offset uint64
	data   []byte
}

// filling is a file that is written. What the server has not confirmed is kept, and is
// written again over another line.
type filling struct {
	content io.Reader
	open    []*block // in the order of the file
	spare   []*block
	offset  uint64 // of the next one
	failed  error  // of content
	end     bool
}

// confirmed is up to where the server has all of it.
func (f *filling) confirmed() uint64 {
	if len(f.open) > 0 {
		return f.open[0].offset
	}
	return f.offset
}

// write writes to an open file until the content ends and all of it is confirmed.
func (f *filling) write(w *wire, handle string) (err error) {
	for _, b := range f.open {
		if err := b.send(w, handle); err != nil {
			return err
		}
	}
	size := int(w.most)
	for {
		for !f.end && len(f.open) < onTheWay/size {
			b := f.next(size)
			if b == nil {
				break
			}
			if err := b.send(w, handle); err != nil {
				return err
			}
		}
		if len(f.open) == 0 {
			return f.failed
		}
		if err := f.answer(w); err != nil {
			for isStatus(err) && len(f.open) > 0 { // else the answers would be taken for the next request's
				if more := f.answer(w); more != nil && !isStatus(more) {
					break
				}
			}
			return err
		}
	}
}

func (b *block) send(w *wire, handle string) (err error) {
	b.id, err = w.send(fxWrite, (&packet{}).str(handle).u64(b.offset).u32(uint32(len(b.data))), b.data...)
	return err
}

// next reads the next block; nil at the end.
func (f *filling) next(size int) *block {
	b := &block{data: make([]byte, size)}
	if n := len(f.spare); n > 0 {
		b, f.spare = f.spare[n-1], f.spare[:n-1]
	}
	n, err := io.ReadFull(f.content, b.data[:min(size, cap(b.data))])
	b.offset, b.data = f.offset, b.data[:n]
	if f.end = err != nil; f.end && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		f.failed = err
		return nil
	}
	if n == 0 {
		return nil
	}
	f.open, f.offset = append(f.open, b), f.offset+uint64(n)
	return b
}

// answer takes in the confirmation of a block.
func (f *filling) answer(w *wire) error {
	id, kind, _, err := w.receive()
	if err != nil && !isStatus(err) {
		return err
	}
	at := slices.IndexFunc(f.open, func(b *block) bool { return b.id == id })
	if kind != fxStatus || at < 0 {
		return errors.New("the SFTP server's answer does not match the request")
	}
	f.spare = append(f.spare, f.open[at])
	f.open = append(f.open[:at], f.open[at+1:]...)
	return err
}

// reading is an open file that is read ahead.
type reading struct {
	w      *wire
	handle string
	bytes  uint64 // of the file
	asked  uint64 // up to where
	wait   []ask  // in the order of the file
	got    map[uint32][]byte
	now    []byte // what is to be handed out next
}

// ask is a request for a part of a file.
type ask struct {
	id     uint32
	offset uint64
	length uint32
}

func (r *reading) Read(p []byte) (int, error) {
	for len(r.now) == 0 {
		if err := r.ahead(); err != nil {
			return 0, err
		}
		if len(r.wait) == 0 {
			return 0, io.EOF
		}
		if err := r.next(); err != nil {
			return 0, err
		}
	}
	n := copy(p, r.now)
	r.now = r.now[n:]
	return n, nil
}

func (r *reading) ahead() error {
	for len(r.wait) < onTheWay/int(r.w.most) && r.asked < r.bytes {
		length := uint32(min(uint64(r.w.most), r.bytes-r.asked))
		a, err := r.ask(r.asked, length)
		if err != nil {
			return err
		}
		r.wait, r.asked = append(r.wait, a), r.asked+uint64(length)
	}
	return nil
}

func (r *reading) ask(offset uint64, length uint32) (ask, error) {
	id, err := r.w.send(fxRead, (&packet{}).str(r.handle).u64(offset).u32(length))
	return ask{id, offset, length}, err
}

// next waits for the next part of the file. A server may give less than was asked
// for; the rest is asked for again.
func (r *reading) next() error {
	first := r.wait[0]
	for r.got[first.id] == nil {
		id, kind, p, err := r.w.receive()
		if err == nil && kind != fxData {
			err = errors.New("the SFTP server's answer does not match the request")
		}
		if err != nil {
			return fmt.Errorf("reading: %w", err)
		}
		data := p.takeStr()
		if len(data) == 0 || p.short {
			return io.ErrUnexpectedEOF
		}
		if len(r.got) > onTheWay/int(r.w.most) {
			return errors.New("the SFTP server gives more answers than it was asked questions")
		}
		r.got[id] = data
	}
	r.now = r.got[first.id]
	delete(r.got, first.id)
	n := uint32(len(r.now))
	switch {
	case n > first.length:
		return errors.New("the SFTP server sent more than requested")
	case n < first.length:
		rest, err := r.ask(first.offset+uint64(n), first.length-n)
		r.wait[0] = rest
		return err
	}
	r.wait = r.wait[1:]
	return nil
}

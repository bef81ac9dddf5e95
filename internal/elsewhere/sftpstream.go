package elsewhere

import (
	"errors"
	"fmt"
	"io"
)

// Requests on the way at a time, each of a size that every server takes: a line with
// a long delay is filled all the same.
const (
	onTheWay   = 64
	blockBytes = 32 << 10
)

// fill writes what a reader has to an open file.
func (w *wire) fill(handle string, content io.Reader) error {
	block, open := make([]byte, blockBytes), map[uint32]bool{}
	answer := func() error {
		id, kind, _, err := w.receive()
		if err == nil && (kind != fxStatus || !open[id]) {
			err = errors.New("the SFTP server's answer does not match the request")
		}
		delete(open, id)
		return err
	}
	for offset := uint64(0); ; {
		n, err := io.ReadFull(content, block)
		end := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
		if err != nil && !end {
			for len(open) > 0 && answer() == nil { // else they would be taken for the next request's
			}
			return err
		}
		if n > 0 {
			id, err := w.send(fxWrite, (&packet{}).str(handle).u64(offset).str(string(block[:n])))
			if err != nil {
				return err
			}
			open[id], offset = true, offset+uint64(n)
		}
		for len(open) >= onTheWay || end && len(open) > 0 {
			if err := answer(); err != nil {
				return err
			}
		}
		if end {
			return nil
		}
	}
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
	for len(r.wait) < onTheWay && r.asked < r.bytes {
		length := uint32(min(blockBytes, r.bytes-r.asked))
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
		if len(r.got) > onTheWay {
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

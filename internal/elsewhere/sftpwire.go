package elsewhere

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
)

// wire speaks SFTP, version 3 (draft-ietf-secsh-filexfer-02), which every server
// knows: the requests that are needed here, and two of OpenSSH's own.
type wire struct {
	in   *bufio.Reader
	out  *bufio.Writer
	last uint32 // request
	has  map[string]bool
	most uint32 // bytes of a block
	idle *idle
}

// errLine says that a line ended, and not what the server means.
var errLine = errors.New("the line to the SFTP server ended")

// ended is a failure of the line. Its end is not the end of what is read.
func ended(err error) error {
	if errors.Is(err, io.EOF) {
		return errLine
	}
	return fmt.Errorf("%w: %w", errLine, err)
}

// Types of packets.
const (
	fxInit     = 1
	fxVersion  = 2
	fxOpen     = 3
	fxClose    = 4
	fxRead     = 5
	fxWrite    = 6
	fxOpenDir  = 11
	fxReadDir  = 12
	fxRemove   = 13
	fxMkdir    = 14
	fxStat     = 17
	fxRename   = 18
	fxStatus   = 101
	fxHandle   = 102
	fxData     = 103
	fxName     = 104
	fxAttrs    = 105
	fxExtended = 200
	fxReply    = 201
)

// Ways to open a file.
const (
	openRead  = 0x1
	openGoOn  = 0x2
	openWrite = 0x2 | 0x8 | 0x10 // to write, create, truncate
)

// What servers may do beyond version 3.
const (
	extFsync  = "fsync@openssh.com"
	extRename = "posix-rename@openssh.com"
	extLimits = "limits@openssh.com"
)

// Codes of a status.
const (
	statusOK     = 0
	statusEOF    = 1
	statusNoFile = 2
	statusDenied = 3
)

const mostPacket = 1 << 20

// status is a server's refusal.
type status struct {
	code uint32
	text string
}

func (s *status) Error() string { return fmt.Sprintf("the SFTP server says %q (%d)", s.text, s.code) }

// Is makes it the error of the standard library that means the same.
func (s *status) Is(target error) bool {
	return s.code == statusNoFile && target == fs.ErrNotExist || s.code == statusDenied && target == fs.ErrPermission || s.code == statusEOF && target == io.EOF
}

// packet builds what is sent, and takes apart what comes. Reading past its end sets
// short.
type packet struct {
	text  []byte
	short bool
}

func (p *packet) u32(v uint32) *packet {
	p.text = binary.BigEndian.AppendUint32(p.text, v)
	return p
}

func (p *packet) u64(v uint64) *packet {
	p.text = binary.BigEndian.AppendUint64(p.text, v)
	return p
}

func (p *packet) str(v string) *packet {
	p.text = append(binary.BigEndian.AppendUint32(p.text, uint32(len(v))), v...)
	return p
}

func (p *packet) take(n int) []byte {
	if n < 0 || n > len(p.text) {
		p.short, p.text = true, nil
		return make([]byte, max(0, min(n, 8)))
	}
	head := p.text[:n]
	p.text = p.text[n:]
	return head
}

func (p *packet) takeU32() uint32 { return binary.BigEndian.Uint32(p.take(4)) }
func (p *packet) takeU64() uint64 { return binary.BigEndian.Uint64(p.take(8)) }
func (p *packet) takeStr() []byte { return p.take(int(p.takeU32())) }

// attributes are those of a file that are wanted.
type attributes struct {
	bytes uint64
	mode  uint32
	mtime uint32
}

func (p *packet) takeAttributes() (a attributes) {
	flags := p.takeU32()
	if flags&1 != 0 {
		a.bytes = p.takeU64()
	}
	if flags&2 != 0 {
		p.take(8) // owner and group
	}
	if flags&4 != 0 {
		a.mode = p.takeU32()
	}
	if flags&8 != 0 {
		p.take(4)
		a.mtime = p.takeU32()
	}
	if flags&0x80000000 != 0 {
		for range min(p.takeU32(), 64) {
			p.takeStr()
			p.takeStr()
		}
	}
	return a
}

// dialWire shakes hands.
func dialWire(in io.Reader, out io.Writer, idle *idle) (*wire, error) {
	w := &wire{in: bufio.NewReaderSize(in, 64<<10), out: bufio.NewWriterSize(out, 64<<10), has: map[string]bool{}, most: blockBytes, idle: idle}
	if err := errors.Join(w.write(fxInit, (&packet{}).u32(3).text), w.out.Flush()); err != nil {
		return nil, err
	}
	kind, p, err := w.read()
	if err != nil {
		return nil, err
	}
	if version := p.takeU32(); kind != fxVersion || version < 3 {
		return nil, errors.New("what answers speaks another SFTP")
	}
	for len(p.text) > 0 && !p.short && len(w.has) < 100 {
		w.has[string(p.takeStr())] = true
		p.takeStr()
	}
	return w, w.limits()
}

// limits asks how large a block may be: fewer and larger ones are faster.
func (w *wire) limits() error {
	if !w.has[extLimits] {
		return nil
	}
	p, err := w.ask(fxExtended, (&packet{}).str(extLimits), fxReply)
	if isStatus(err) {
		return nil // it says so, and does not
	}
	if err != nil {
		return err
	}
	p.takeU64() // of a packet
	if most := min(p.takeU64(), p.takeU64(), mostBlock); most > blockBytes && !p.short {
		w.most = uint32(most)
	}
	return nil
}

// write writes a packet, which may be in two parts.
func (w *wire) write(kind byte, text []byte, more ...byte) error {
	w.idle.moved()
	defer w.idle.rest()
	head := binary.BigEndian.AppendUint32(nil, uint32(len(text)+len(more)+1))
	_, err := w.out.Write(append(append(head, kind), text...))
	if err == nil {
		_, err = w.out.Write(more)
	}
	if err != nil {
		return ended(err)
	}
	return nil
}

func (w *wire) read() (kind byte, p *packet, err error) {
	w.idle.moved()
	defer w.idle.rest()
	var head [5]byte
	if _, err := io.ReadFull(w.in, head[:]); err != nil {
		return 0, nil, ended(err)
	}
	length := binary.BigEndian.Uint32(head[:])
	if length < 1 || length > mostPacket {
		return 0, nil, fmt.Errorf("what answers does not speak SFTP: does its login print something?")
	}
	p = &packet{text: make([]byte, length-1)}
	if _, err = io.ReadFull(w.in, p.text); err != nil {
		err = ended(err)
	}
	return head[4], p, err
}

// send sends a request and returns its number; the answer is fetched by receive.
func (w *wire) send(kind byte, body *packet, more ...byte) (uint32, error) {
	w.last++
	return w.last, w.write(kind, append(binary.BigEndian.AppendUint32(nil, w.last), body.text...), more...)
}

// receive returns the next answer; a status other than OK is an error.
func (w *wire) receive() (id uint32, kind byte, p *packet, err error) {
	w.idle.moved()
	if err := w.out.Flush(); err != nil {
		return 0, 0, nil, ended(err)
	}
	kind, p, err = w.read()
	if err != nil {
		return 0, 0, nil, err
	}
	if id = p.takeU32(); kind == fxStatus {
		if code := p.takeU32(); code != statusOK {
			text := p.takeStr()
			err = &status{code, string(text[:min(len(text), 200)])}
		}
	}
	return id, kind, p, err
}

// ask sends a request and waits for its answer, which is of one kind.
func (w *wire) ask(kind byte, body *packet, want byte) (*packet, error) {
	id, err := w.send(kind, body)
	if err != nil {
		return nil, err
	}
	got, answer, p, err := w.receive()
	switch {
	case err != nil:
		return nil, err
	case got != id || answer != want:
		return nil, errors.New("the SFTP server's answer does not match the request")
	}
	return p, nil
}

func (w *wire) open(path string, how uint32) (handle string, err error) {
	p, err := w.ask(fxOpen, (&packet{}).str(path).u32(how).u32(4).u32(0o600), fxHandle)
	if err != nil {
		return "", err
	}
	return string(p.takeStr()), nil
}

func (w *wire) close(handle string) error {
	_, err := w.ask(fxClose, (&packet{}).str(handle), fxStatus)
	return err
}

func (w *wire) stat(path string) (attributes, error) {
	p, err := w.ask(fxStat, (&packet{}).str(path), fxAttrs)
	if err != nil {
		return attributes{}, err
	}
	return p.takeAttributes(), nil
}

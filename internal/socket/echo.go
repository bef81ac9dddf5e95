package socket

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"net/http"
	"strings"
)

// Parts of a frame's first two bytes.
const (
	final  = 0x80
	masked = 0x80

	opClose = 0x8
	opPing  = 0x9
	opPong  = 0xa
)

const mostFrame = 1 << 20

// Echo takes a WebSocket and sends every message back until the other end closes
// it. Pings are answered.
func Echo(w http.ResponseWriter, r *http.Request) {
	key := r.Header.Get("Sec-WebSocket-Key")
	if !strings.EqualFold(r.Header.Get("Upgrade"), "websocket") || key == "" {
		w.Header().Set("Upgrade", "websocket")
		http.Error(w, "this is a WebSocket", http.StatusUpgradeRequired)
		return
	}
	conn, buffer, err := http.NewResponseController(w).Hijack()
	if err != nil {
		http.Error(w, err.Error(), http.StatusNotImplemented)
		return
	}
	defer conn.Close()
	_, _ = buffer.WriteString("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
		"Sec-WebSocket-Accept: " + accept(key) + "\r\n\r\n")
	for buffer.Flush() == nil {
		first, payload, err := readFrame(buffer.Reader)
		if err != nil {
			return
		}
		switch first & 0xf {
		case opPing:
			first = final | opPong
		case opPong:
			continue
		}
		writeFrame(buffer.Writer, first, payload)
		if first&0xf == opClose {
			_ = buffer.Flush()
			return
		}
	}
}

// readFrame reads a frame and takes its mask off.
func readFrame(r *bufio.Reader) (first byte, payload []byte, err error) {
	var head [2]byte
	if _, err = io.ReadFull(r, head[:]); err != nil {
		return 0, nil, err
	}
	length := uint64(head[1] &^ masked)
	if wide := map[uint64]int{126: 2, 127: 8}[length]; wide > 0 {
		var long [8]byte
		if _, err = io.ReadFull(r, long[8-wide:]); err != nil {
			return 0, nil, err
		}
		length = binary.BigEndian.Uint64(long[:])
	}
	if length > mostFrame || head[1]&masked == 0 {
		return 0, nil, errors.New("this frame is too long, or is not masked")
	}
	both := make([]byte, 4+length)
	if _, err = io.ReadFull(r, both); err != nil {
		return 0, nil, err
	}
	mask, payload := both[:4], both[4:]
	for i := range payload {
		payload[i] ^= mask[i%4]
	}
	return head[0], payload, nil
}

// writeFrame writes a frame, as a server without a mask.
func writeFrame(w *bufio.Writer, first byte, payload []byte) {
	head := []byte{first}
	switch n := len(payload); {
	case n < 126:
		head = append(head, byte(n))
	case n < 1<<16:
		head = binary.BigEndian.AppendUint16(append(head, 126), uint16(n))
	default:
		head = binary.BigEndian.AppendUint64(append(head, 127), uint64(n))
	}
	_, _ = w.Write(head)
	_, _ = w.Write(payload) // Flush tells of an error
}

// Package socket has what is needed of WebSocket (RFC 6455) here: to open a
// connection and close it in order, and to echo.
package socket

import (
	"context"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // the protocol's own, against mistakes
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

const goodbyeTime = 2 * time.Second

// closing is the frame that ends a connection normally: status 1000, masked by
// zeros, as a client must mask.
var closing = []byte{final | opClose, masked | 2, 0, 0, 0, 0, 0x03, 0xe8}

// Handshake opens a WebSocket, ws:// or wss://, and closes it again.
func Handshake(ctx context.Context, client *http.Client, url string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http"+strings.TrimPrefix(url, "ws"), nil)
	if err != nil {
		return err
	}
	key := base64.StdEncoding.EncodeToString([]byte(rand.Text()[:16]))
	req.Header.Set("Connection", "Upgrade")
	req.Header.Set("Upgrade", "websocket")
	req.Header.Set("Sec-WebSocket-Version", "13")
	req.Header.Set("Sec-WebSocket-Key", key)
	untimed := *client // one with a timeout hands out what can only be read
	untimed.Timeout = 0
	if client.Timeout > 0 {
		var cancel func()
		ctx, cancel = context.WithTimeout(ctx, client.Timeout)
		defer cancel()
	}
	res, err := untimed.Do(req.WithContext(ctx))
	if err != nil {
		return err
	}
	defer res.Body.Close()
	conn, ok := res.Body.(io.ReadWriter)
	if res.StatusCode != http.StatusSwitchingProtocols || !ok {
		return fmt.Errorf("it answers %d %s, but not as a WebSocket", res.StatusCode, http.StatusText(res.StatusCode))
	}
	if res.Header.Get("Sec-WebSocket-Accept") != accept(key) {
		return fmt.Errorf("its answer is not that of a WebSocket")
	}
	// A line that just drops would be in the other end's log as an error.
	ctx, cancel := context.WithTimeout(ctx, goodbyeTime)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { _ = res.Body.Close() })
	defer stop()
	if _, err := conn.Write(closing); err == nil {
		_, _ = io.Copy(io.Discard, io.LimitReader(conn, mostFrame))
	}
	return nil
}

// accept is the answer to a key.
func accept(key string) string {
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	return base64.StdEncoding.EncodeToString(sum[:])
}

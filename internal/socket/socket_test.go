package socket_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"github.com/marketcalls/openalgo-install/internal/socket"
)

// The other end is another implementation each time.

func TestHandshakeEndsInOrder(t *testing.T) {
	ended := make(chan error, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := websocket.Accept(w, r, nil)
		if err == nil {
			_, _, err = conn.Read(context.WithoutCancel(r.Context()))
		}
		ended <- err
	}))
	defer server.Close()
	if err := socket.Handshake(t.Context(), http.DefaultClient, "ws"+strings.TrimPrefix(server.URL, "http")); err != nil {
		t.Fatal(err)
	}
	if got := websocket.CloseStatus(<-ended); got != websocket.StatusNormalClosure {
		t.Errorf("it saw the end as %v", got)
	}
}

func TestHandshakeWithWhatIsNoWebSocket(t *testing.T) {
	for name, answer := range map[string]http.HandlerFunc{
		"a page":  func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("hello")) },
		"another": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) },
		"a wrong answer to the key": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Upgrade", "websocket")
			w.Header().Set("Connection", "Upgrade")
			w.Header().Set("Sec-WebSocket-Accept", "c2FtZSBmb3IgYWxs")
			w.WriteHeader(http.StatusSwitchingProtocols)
		},
	} {
		server := httptest.NewServer(answer)
		if err := socket.Handshake(t.Context(), http.DefaultClient, "ws"+strings.TrimPrefix(server.URL, "http")); err == nil {
			t.Errorf("%s counts as a WebSocket", name)
		}
		server.Close()
	}
}

func TestHandshakeEndsWithItsContext(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, _ := websocket.Accept(w, r, nil)
		<-t.Context().Done() // never reads, never closes
		_ = conn.CloseNow()
	}))
	ctx, cancel := context.WithCancel(t.Context())
	client := &http.Client{Transport: closer{cancel}}
	if err := socket.Handshake(ctx, client, "ws"+strings.TrimPrefix(server.URL, "http")); err != nil {
		t.Fatal(err)
	}
}

// closer ends the context once the answer is there.
type closer struct{ cancel func() }

func (c closer) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := http.DefaultTransport.RoundTrip(r.WithContext(context.WithoutCancel(r.Context())))
	c.cancel()
	return res, err
}

func TestEcho(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(socket.Echo))
	defer server.Close()
	conn, _, err := websocket.Dial(t.Context(), server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	conn.SetReadLimit(-1)
	for _, n := range []int{0, 5, 125, 126, 300, 65535, 65536, 200_000} {
		want := strings.Repeat("x", n)
		if err := conn.Write(t.Context(), websocket.MessageText, []byte(want)); err != nil {
			t.Fatal(err)
		}
		if kind, got, err := conn.Read(t.Context()); err != nil || kind != websocket.MessageText || string(got) != want {
			t.Fatalf("%d bytes came back as %d: %v", n, len(got), err)
		}
	}
	reading := conn.CloseRead(t.Context())
	if err := conn.Ping(reading); err != nil {
		t.Errorf("a ping: %v", err)
	}
	if err := conn.Close(websocket.StatusNormalClosure, ""); err != nil {
		t.Errorf("closing: %v", err)
	}
	if res, err := http.Get(server.URL); err != nil || res.StatusCode != http.StatusUpgradeRequired {
		t.Errorf("a page instead: %v %v", res, err)
	} else {
		_ = res.Body.Close()
	}
}

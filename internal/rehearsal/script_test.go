package rehearsal

import (
	"bytes"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

func TestHealthAsksBothPorts(t *testing.T) {
	t.Parallel()
	web := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer web.Close()
	socket, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	root := t.TempDir()
	port := strconv.Itoa(socket.Addr().(*net.TCPAddr).Port)
	if err := os.WriteFile(filepath.Join(root, ".env"), []byte("WEBSOCKET_PORT = '"+port+"'\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, text, _ := net.SplitHostPort(web.Listener.Addr().String())
	at, _ := strconv.Atoi(text)
	if err := healthy(root, at); err != nil {
		t.Error(err)
	}
	socket.Close()
	if err := healthy(root, at); err == nil || !strings.Contains(err.Error(), port) {
		t.Errorf("without a WebSocket: %v", err)
	}
	web.Close()
	if err := healthy(root, at); err == nil {
		t.Error("well without a web server")
	}
}

func TestScriptKnowsHealthAlone(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if code := Script([]string{"--help"}, &out, &out); code != 127 {
		t.Error(code)
	}
}

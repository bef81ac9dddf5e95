package ready

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"

	"github.com/marketcalls/openalgo-install/internal/edge"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/socket"
	"github.com/marketcalls/openalgo-install/internal/wait"
	"github.com/marketcalls/openalgo-install/templates"
)

// Site is an address that the HTTPS proxy of this machine serves.
type Site struct {
	Domain string
	Port   int // of HTTPS, on this machine
	Trust  edge.Trust
}

// AwaitHTTPS waits for OpenAlgo's own answers over HTTPS and its WebSocket, by the
// domain's name and certificate, but from this machine's HTTPS proxy, wherever
// DNS points to. OpenAlgo itself must be ready before.
func (p *Prober) AwaitHTTPS(ctx context.Context, s Site) error {
	times := p.timesOf(Target{})
	var last error
	err := wait.Until(ctx, times.https, times.poll, func(ctx context.Context) (bool, error) {
		err := AskHTTPS(ctx, s)
		if last == nil || ctx.Err() == nil { // one that the end of the wait cut off says nothing
			last = err
		}
		return err == nil, nil
	})
	if wait.IsOver(err) && last != nil {
		return &NotReadyError{Reason: last.Error()}
	}
	return err
}

// AskHTTPS asks once.
func AskHTTPS(ctx context.Context, s Site) error {
	client, closeIdle := s.client()
	defer closeIdle()
	url := "https://" + s.Domain + openalgo.CheckSetup
	status, body, err := ask(ctx, client, url)
	if err != nil {
		return fmt.Errorf("OpenAlgo answers on this machine, but not over %s: %w", url, Cause(err))
	}
	if _, ok := readSetup(body); status != http.StatusOK || !ok {
		return fmt.Errorf("%s answers %d %s, and not as OpenAlgo does", url, status, http.StatusText(status))
	}
	at := "wss://" + s.Domain + openalgo.Socket
	if err := socket.Handshake(ctx, client, at); err != nil {
		return fmt.Errorf("%s does not reach the WebSocket proxy: %w", at, Cause(err))
	}
	return nil
}

// MCP asks the endpoints of remote MCP, over HTTPS where there is a site, else on
// the published port.
func MCP(ctx context.Context, s *Site, web string) error {
	client, origin, done := directClient, "http://"+web, func() {}
	if s != nil {
		client, done = s.client()
		origin = "https://" + s.Domain
	}
	defer done()
	for _, probe := range openalgo.MCPProbes {
		if err := askMCP(ctx, client, origin, probe); err != nil {
			return &NotReadyError{Reason: "remote MCP does not work: " + err.Error()}
		}
	}
	return nil
}

func askMCP(ctx context.Context, client *http.Client, origin string, want openalgo.MCPProbe) error {
	ctx, cancel := context.WithTimeout(ctx, questionTime)
	defer cancel()
	url := origin + want.Path
	status, body, err := ask(ctx, client, url)
	if err != nil {
		return fmt.Errorf("no answer from %s: %w", url, Cause(err))
	}
	var doc map[string]json.RawMessage
	switch {
	case status == http.StatusForbidden:
		return fmt.Errorf("%s answers 403: a proxy in front of OpenAlgo forbids it, as some do with all hidden files", url)
	case status != want.Status:
		return fmt.Errorf("%s answers %d, want %d", url, status, want.Status)
	case want.Key != "" && (json.Unmarshal(body, &doc) != nil || doc[want.Key] == nil):
		return fmt.Errorf("%s answers, but not as OpenAlgo's MCP does (no %s in its JSON): is the image too old for it?", url, want.Key)
	}
	return nil
}

// ask asks one URL; what is missing of a body that was cut off shows in its
// content.
func ask(ctx context.Context, client *http.Client, url string) (status int, body []byte, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, nil, err
	}
	res, err := client.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer res.Body.Close()
	body, _ = io.ReadAll(io.LimitReader(res.Body, mostAnswer))
	return res.StatusCode, body, nil
}

// client speaks to this machine's HTTPS proxy as somebody out there would.
func (s Site) client() (client *http.Client, closeIdle func()) {
	address := edge.Local(s.Port)
	transport := &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "tcp", address)
		},
		TLSClientConfig: &tls.Config{RootCAs: s.Trust.Roots, InsecureSkipVerify: s.Trust.Any},
	}
	client = &http.Client{Transport: transport, Timeout: questionTime,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return client, transport.CloseIdleConnections
}

// Cause is the innermost cause of an error: the rest repeats the address.
func Cause(err error) error {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err
		}
		err = inner
	}
}

// IsClosed reports whether a site shows strangers the page that it has until there is
// an admin account. What cannot be asked is not closed.
func IsClosed(ctx context.Context, s Site) bool {
	client, closeIdle := s.client()
	defer closeIdle()
	status, body, err := ask(ctx, client, "https://"+s.Domain+"/login")
	return err == nil && status == http.StatusForbidden && bytes.Equal(bytes.TrimSpace(body), bytes.TrimSpace(templates.ClosedPage()))
}

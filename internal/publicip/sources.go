package publicip

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/readfile"
)

// The public services: each is another company's, and answers with the address alone.
var (
	public4 = []string{"https://checkip.amazonaws.com/", "https://api.ipify.org/", "https://ipv4.icanhazip.com/"}
	public6 = []string{"https://api6.ipify.org/", "https://ipv6.icanhazip.com/"}
)

// allowed are the URLs that may be asked: what is not encrypted could be answered by
// anybody on the way.
func allowed(urls []string) (out []string) {
	for _, text := range urls {
		u, err := url.Parse(strings.TrimSpace(text))
		if err != nil {
			continue
		}
		ip, _ := netip.ParseAddr(u.Hostname())
		if u.Scheme == "https" || u.Scheme == "http" && ip.IsLoopback() {
			out = append(out, u.String())
		}
	}
	return out
}

// mostAnswer is the longest answer that is read, in bytes. An address has 39 at most.
const mostAnswer = 64

// echo asks a service for the address that it sees; zero is no usable answer.
func echo(ctx context.Context, network, url string) netip.Addr {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return netip.Addr{}
	}
	req.Header.Set("Accept", "text/plain")
	req.Header.Set("User-Agent", "openalgo-install")
	return address(do(req, network))
}

// do asks one question and returns the answer's text; "" is none. Brokers see no HTTP
// proxy, so none is used; nobody may send the question elsewhere.
func do(req *http.Request, network string) string {
	transport := &http.Transport{
		DialContext: func(ctx context.Context, _, address string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, address)
		},
		DisableKeepAlives: true, DisableCompression: true, MaxResponseHeaderBytes: 16 << 10,
	}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(req)
	if err != nil {
		return ""
	}
	defer res.Body.Close()
	text, err := io.ReadAll(io.LimitReader(res.Body, mostAnswer+1))
	if err != nil || res.StatusCode != http.StatusOK || len(text) > mostAnswer {
		return ""
	}
	return string(text)
}

// address reads an answer that is an address and nothing else.
func address(text string) netip.Addr {
	a, err := netip.ParseAddr(strings.TrimSpace(text))
	if err != nil || a.Zone() != "" {
		return netip.Addr{}
	}
	return a
}

// source is the address that packets to somewhere would have; none is sent.
func source(to string) netip.Addr {
	conn, err := net.Dial("udp", to)
	if err != nil {
		return netip.Addr{} // there is no way out
	}
	defer conn.Close()
	at, ok := conn.LocalAddr().(*net.UDPAddr)
	if !ok {
		return netip.Addr{}
	}
	return at.AddrPort().Addr().Unmap()
}

// readDMI reads what the firmware says of the machine; "" is nothing.
func readDMI(name string) string {
	text, err := readfile.Regular("/sys/class/dmi/id/"+name, readfile.Secret)
	if err != nil && !errors.Is(err, io.EOF) {
		return ""
	}
	return strings.TrimSpace(string(text))
}

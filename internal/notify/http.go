package notify

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/printable"
)

// trouble is why a message was not taken.
type trouble struct {
	err     *finding.Error
	passing bool          // it may go away by itself
	after   time.Duration // the service takes nothing before
	taken   bool          // by other recipients of the same address
	letter  bool          // it may be this one letter alone
}

// mostAnswer is how much of an answer is read, in bytes.
const mostAnswer = 64 << 10

// newClient follows no redirect: an address is a secret, and would be handed to
// whoever is named there. A service that moves says so to its user.
func newClient(roots *x509.CertPool) *http.Client {
	return &http.Client{
		Transport: &http.Transport{
			Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true, MaxResponseHeaderBytes: mostAnswer,
			TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots},
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// answer is what a service said.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// says is the beginning of the answer, for a person.
func (a answer) says() string {
	return cut(strings.TrimSpace(printable.Line(strings.ToValidUTF8(string(a.body), ""))), 200)
}

// call asks a service. Its trouble names the host alone: the address, which
// net/http puts into each of its errors, is a secret.
func (c *courier) call(ctx context.Context, method, to string, body []byte, header ...string) (answer, *trouble) {
	req, err := http.NewRequestWithContext(ctx, method, to, bytes.NewReader(body))
	if err != nil {
		return answer{}, &trouble{err: finding.Named(finding.Failed, "notify-refused", "its address is not valid")}
	}
	req.Header.Set("User-Agent", "openalgo-install/"+c.version)
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := c.client.Do(req)
	if err != nil {
		return answer{}, unreachable(ctx, req.URL.Hostname(), err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(io.LimitReader(res.Body, mostAnswer))
	if err != nil {
		return answer{}, unreachable(ctx, req.URL.Hostname(), err)
	}
	return answer{res.StatusCode, res.Header, text}, nil
}

// post sends JSON.
func (c *courier) post(ctx context.Context, to string, doc any) (answer, *trouble) {
	text, err := json.Marshal(doc)
	if err != nil {
		return answer{}, &trouble{err: finding.Named(finding.Failed, "notify-refused", "the message cannot be written as JSON")}
	}
	return c.call(ctx, http.MethodPost, to, text, "Content-Type", "application/json")
}

// unreachable is the trouble of a service that did not answer.
func unreachable(ctx context.Context, host string, err error) *trouble {
	if u := (*url.Error)(nil); errors.As(err, &u) {
		err = u.Err
	}
	var lookup *net.DNSError
	var unknown x509.UnknownAuthorityError
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	var slow net.Error
	switch {
	case errors.As(err, &unknown), errors.As(err, &name), errors.As(err, &invalid):
		return &trouble{passing: true, err: finding.Named(finding.Failed, "notify-insecure", "the certificate of %s is not valid, so nothing was sent (%w)", host, err).
			With(finding.Hint{Do: "Check the clock of this machine, and the address"})}
	case errors.As(err, &lookup):
		return &trouble{passing: true, err: finding.Named(finding.Failed, "notify-unreachable", "cannot look up the name %s", host).
			With(finding.Hint{Do: "Check the name, and the network of this machine"})}
	case errors.Is(err, context.DeadlineExceeded) || ctx.Err() != nil, errors.As(err, &slow) && slow.Timeout():
		return &trouble{passing: true, err: finding.Named(finding.Failed, "notify-unreachable", "%s did not answer in time", host).
			With(finding.Hint{Do: "Check the network of this machine. It must reach " + host})}
	}
	return &trouble{passing: true, err: finding.Named(finding.Failed, "notify-unreachable", "%s cannot be reached (%w)", host, err).
		With(finding.Hint{Do: "Check the network of this machine. It must reach " + host})}
}

// judge is what a status means that no service gives another meaning.
func (a answer) judge(host string) *trouble {
	switch {
	case a.status/100 == 2:
		return nil
	case a.status == http.StatusTooManyRequests:
		return &trouble{passing: true, after: a.retryAfter(), err: finding.Named(finding.Failed, "notify-busy", "%s takes no more messages for now (429)", host).
			With(finding.Hint{Do: "Nothing to do: the message is sent later"})}
	case a.status/100 == 5:
		return &trouble{passing: true, after: a.retryAfter(), err: finding.Named(finding.Failed, "notify-unreachable", "%s failed (%d)", host, a.status).
			With(finding.Hint{Do: "Nothing to do: the message is sent later"})}
	case a.status/100 == 3:
		return &trouble{err: finding.Named(finding.Failed, "notify-refused", "%s redirects to another address (%d), and redirects are not followed", host, a.status).
			With(finding.Hint{Do: "Enter the address that it redirects to"})}
	}
	t := a.refused(host, "the address or its token is wrong, or no longer valid")
	t.letter = a.status == http.StatusBadRequest || a.status == http.StatusRequestEntityTooLarge || a.status == http.StatusUnprocessableEntity
	return t
}

// refused is a message that the service did not take, with its own words.
func (a answer) refused(host, why string) *trouble {
	said := ""
	if text := a.says(); text != "" {
		said = ": " + text
	}
	return &trouble{err: finding.Named(finding.Failed, "notify-refused", "%s refused the message (%d%s). Most likely %s", host, a.status, said, why).
		With(finding.Anywhere("Enter the address again", "notify", "add", "KIND"))}
}

// retryAfter is when a service wants to be asked again.
func (a answer) retryAfter() time.Duration {
	seconds, err := strconv.ParseFloat(strings.TrimSpace(a.header.Get("Retry-After")), 64)
	if err != nil || seconds < 0 || seconds > 24*3600 {
		return 0
	}
	return time.Duration(seconds * float64(time.Second))
}

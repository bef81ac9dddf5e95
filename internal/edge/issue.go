package edge

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/wait"
)

const (
	// issueTime is how long an authority may take. Caddy tries every challenge
	// and the second authority within it.
	issueTime = 3 * time.Minute
	shakeTime = 5 * time.Second
)

// IssueError says why there is no certificate.
type IssueError struct{ Domain, Reason string }

func (e *IssueError) Error() string {
	return fmt.Sprintf("there is no certificate for %s: %s", e.Domain, e.Reason)
}

// Trust is what a served certificate must lead to.
type Trust struct {
	Roots *x509.CertPool // nil: those of this machine
	// Any takes every certificate for the name that an authority gave: a
	// test install's is from one that nobody trusts.
	Any bool
	// Patient waits for another certificate while one is served that leads
	// nowhere: that of a trial.
	Patient bool
}

// TrustOf is what the certificate of s must lead to.
func TrustOf(s Site) Trust {
	if s.Cert != nil {
		return Trust{Any: true} // checked when it was read
	}
	if len(s.CARoot) == 0 {
		return Trust{}
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool()
	}
	roots.AppendCertsFromPEM(s.CARoot)
	return Trust{Roots: roots}
}

// Certificate is what is served for a name at address; its chain leads to
// what t trusts.
func Certificate(ctx context.Context, address, domain string, t Trust) (*x509.Certificate, error) {
	ctx, cancel := context.WithTimeout(ctx, shakeTime)
	defer cancel()
	config := &tls.Config{ServerName: domain, RootCAs: t.Roots, InsecureSkipVerify: t.Any, NextProtos: []string{"h2", "http/1.1"}}
	conn, err := (&tls.Dialer{Config: config}).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	leaf := conn.(*tls.Conn).ConnectionState().PeerCertificates[0]
	if err := leaf.VerifyHostname(domain); t.Any && err != nil {
		return nil, err
	}
	return leaf, nil
}

// Address is where this machine reaches the edge.
func (c *observed) Address() string { return Local(c.HTTPS) }

// Await waits until the edge has a certificate for the domain, or Caddy's log
// since began says that it gets none.
func (c *Caddy) Await(ctx context.Context, domain string, t Trust, began time.Time) error {
	var last error
	err := wait.Until(ctx, issueTime, pollEvery, func(ctx context.Context) (bool, error) {
		_, last = Certificate(ctx, c.Address(), domain, t)
		if last == nil || ctx.Err() != nil {
			return last == nil, nil
		}
		var untrusted *tls.CertificateVerificationError
		if errors.As(last, &untrusted) && !t.Patient {
			return false, &IssueError{domain, "no certificate authority that this machine knows signed the certificate (" + untrusted.Err.Error() + "). Set its root with tls.ca_root"}
		}
		if reason := c.refusal(ctx, domain, began); reason != "" {
			return false, &IssueError{domain, reason}
		}
		return false, nil
	})
	if wait.IsOver(err) {
		return &IssueError{domain, fmt.Sprintf("the certificate authority did not answer within %s: %v", issueTime, last)}
	}
	return err
}

// refusal looks in Caddy's log for the end of an attempt for the domain.
func (c *observed) refusal(ctx context.Context, domain string, began time.Time) string {
	if err := c.look(ctx); err != nil || c.container == nil {
		return "the HTTPS proxy is gone"
	}
	var log bytes.Buffer
	if err := c.engine.Logs(ctx, c.container.ID, engine.LogOptions{Since: began}, &log, &log); err != nil {
		return ""
	}
	return refusalIn(log.Bytes(), domain)
}

// logLine is what matters of a line of Caddy's log.
type logLine struct {
	Message    string   `json:"msg"`
	Error      string   `json:"error"`
	Identifier string   `json:"identifier"`
	Challenge  string   `json:"challenge_type"`
	Problem    *problem `json:"problem"`
}

// problem is an authority's answer (RFC 8555, 6.7).
type problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Detail string `json:"detail"`
}

// refusalIn returns the reason once Caddy has given an attempt up; what single
// challenges said comes first, since the end only says that all of them failed.
func refusalIn(log []byte, domain string) string {
	var details []string
	for line := range bytes.Lines(log) {
		var l logLine
		if json.Unmarshal(line, &l) != nil {
			continue
		}
		if l.Identifier == domain && l.Problem != nil {
			details = append(details, l.Problem.words(l.Challenge, domain))
		}
		if l.Message == "will retry" && strings.Contains(l.Error, "["+domain+"]") {
			if len(details) == 0 {
				details = []string{lastPart(l.Error)}
			}
			return strings.Join(distinct(details), "; ")
		}
	}
	return ""
}

// words says a problem of RFC 8555 for a person, with the authority's own detail.
func (p *problem) words(challenge, domain string) string {
	kind := p.Type[strings.LastIndexByte(p.Type, ':')+1:]
	port := "80"
	if challenge == "tls-alpn-01" {
		port = "443"
	}
	said := p.Detail
	if said == "" {
		said = p.Title
	}
	switch kind {
	case "connection":
		return fmt.Sprintf("the certificate authority could not reach %s on port %s (%s): a firewall, a security group, or a DNS record that points elsewhere", domain, port, said)
	case "dns":
		return fmt.Sprintf("the certificate authority finds no address for %s (%s)", domain, said)
	case "rateLimited":
		return fmt.Sprintf("the certificate authority accepts no more requests for %s now (%s)", domain, said)
	case "caa":
		return fmt.Sprintf("the CAA record of %s forbids this certificate authority (%s)", domain, said)
	case "unauthorized":
		return fmt.Sprintf("another machine answers for %s on port %s (%s)", domain, port, said)
	}
	return fmt.Sprintf("%s (%s)", said, kind)
}

// lastPart is the innermost cause of a chain of errors.
func lastPart(text string) string {
	if i := strings.LastIndex(text, "] "); i >= 0 {
		text = text[i+2:]
	}
	return text
}

func distinct(list []string) []string {
	var out []string
	for _, text := range list {
		if len(out) == 0 || out[len(out)-1] != text {
			out = append(out, text)
		}
	}
	return out
}

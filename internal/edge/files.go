package edge

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"strings"
	"time"

	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/readfile"
	"github.com/marketcalls/openalgo-install/internal/secret"
)

// ReadCertificate reads a certificate and its key for `tls: files` into s, and
// checks everything about them that a browser would: that they belong
// together, the name, the dates, and that the chain is whole. A chain that
// leads to no authority which this machine knows is a warning: it may be the
// user's own.
func (s *Site) ReadCertificate(certPath, keyPath string, now time.Time) (warnings finding.Warnings, err error) {
	cert, err := readfile.Regular(certPath, readfile.Secret)
	if err != nil {
		return nil, fmt.Errorf("tls.cert: %w", err)
	}
	key, err := readfile.Regular(keyPath, readfile.Secret)
	if err != nil {
		return nil, fmt.Errorf("tls.key: %w", err)
	}
	s.CertPath, s.KeyPath = certPath, keyPath
	s.Cert, s.Key = cert, secret.New(string(key))
	return checkCertificate(cert, s.Key, s.Domain, certPath, keyPath, now)
}

func checkCertificate(cert []byte, key secret.Text, domain, certPath, keyPath string, now time.Time) (warnings finding.Warnings, err error) {
	chain, err := parseChain(cert, certPath)
	if err != nil {
		return nil, err
	}
	leaf := chain[0]
	switch {
	case bytes.Contains([]byte(key.Reveal()), []byte("ENCRYPTED")):
		return nil, fmt.Errorf("tls.key: %s has a passphrase, so HTTPS cannot restart by itself. To write the key without one: openssl pkey -in %s -out FILE", keyPath, keyPath)
	case leaf.IsCA && len(chain) > 1:
		return nil, fmt.Errorf("tls.cert: %s begins with the certificate authority's certificate (%s). Put your own first, then the one that signed it", certPath, leaf.Subject.CommonName)
	}
	if _, err := tls.X509KeyPair(cert, []byte(key.Reveal())); err != nil {
		return nil, fmt.Errorf("tls.key: %s is not the key of the certificate in %s (%s)", keyPath, certPath, strings.TrimPrefix(err.Error(), "tls: "))
	}
	if err := leaf.VerifyHostname(domain); err != nil {
		return nil, fmt.Errorf("tls.cert: %s is for %s, not for %s", certPath, namesOf(leaf), domain)
	}
	if now.After(leaf.NotAfter) {
		return nil, fmt.Errorf("tls.cert: %s expired on %s", certPath, day(leaf.NotAfter))
	}
	if now.Before(leaf.NotBefore) {
		return nil, fmt.Errorf("tls.cert: %s is not valid before %s. This machine's clock says %s. Is that right?", certPath, day(leaf.NotBefore), day(now))
	}
	if left := leaf.NotAfter.Sub(now); left < 14*24*time.Hour {
		warnings = append(warnings, finding.Warn("certificate-expires", "the certificate in %s expires on %s: when it is renewed, run this again", certPath, day(leaf.NotAfter)))
	}
	between := x509.NewCertPool()
	for _, c := range chain[1:] {
		between.AddCert(c)
	}
	if _, err := leaf.Verify(x509.VerifyOptions{Intermediates: between, CurrentTime: now, DNSName: domain}); err != nil {
		why := "no certificate authority that this machine knows signed it (" + leaf.Issuer.CommonName + ")"
		if len(chain) == 1 && !bytes.Equal(leaf.RawIssuer, leaf.RawSubject) {
			why = "the file lacks the certificate that signed it (" + leaf.Issuer.CommonName + "), which browsers need. Use the full chain"
		}
		warnings = append(warnings, finding.Warn("certificate-untrusted", "%s: %s. Browsers show a warning, unless you made them trust it", certPath, why))
	}
	return warnings, nil
}

func parseChain(text []byte, path string) ([]*x509.Certificate, error) {
	var chain []*x509.Certificate
	for {
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			continue
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("tls.cert: %s cannot be read: %w", path, err)
		}
		chain = append(chain, c)
	}
	if len(chain) == 0 {
		return nil, fmt.Errorf("tls.cert: there is no certificate in %s. It needs to be a PEM file with -----BEGIN CERTIFICATE-----", path)
	}
	return chain, nil
}

func namesOf(c *x509.Certificate) string {
	names := append([]string{}, c.DNSNames...)
	for _, ip := range c.IPAddresses {
		names = append(names, ip.String())
	}
	if len(names) == 0 {
		return "no name at all (browsers look only at the alternative names)"
	}
	return strings.Join(names, ", ")
}

func day(t time.Time) string { return t.UTC().Format("2 January 2006") }

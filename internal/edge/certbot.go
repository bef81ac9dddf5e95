package edge

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

// letsEncrypt is where certbot keeps what it got.
const letsEncrypt = "/etc/letsencrypt/live"

// FindCertificate fills in the certificate that certbot has for the domain
// already; false is none.
func (s *Site) FindCertificate(ctx context.Context) bool {
	s.CertPath, s.KeyPath = certbotPaths(ctx, s.Domain)
	return s.CertPath != ""
}

var (
	certPathLine = regexp.MustCompile(`(?m)^\s*Certificate Path:\s*(\S+)`)
	keyPathLine  = regexp.MustCompile(`(?m)^\s*Private Key Path:\s*(\S+)`)
)

func certbotPaths(ctx context.Context, domain string) (cert, key string) {
	if _, err := exec.LookPath("certbot"); err == nil {
		text, err := command(ctx, "certbot", "certificates", "-d", domain)
		c, k := certPathLine.FindStringSubmatch(text), keyPathLine.FindStringSubmatch(text)
		if err == nil && c != nil && k != nil {
			return c[1], k[1]
		}
	}
	cert, key = filepath.Join(letsEncrypt, domain, "fullchain.pem"), filepath.Join(letsEncrypt, domain, "privkey.pem")
	for _, path := range []string{cert, key} {
		if _, err := os.Stat(path); err != nil {
			return "", ""
		}
	}
	return cert, key
}

// Obtain has certbot get a certificate over the challenge directory, which
// nginx must serve by now. Certbot's own timer renews it, and reloads nginx.
func (n *Nginx) Obtain(ctx context.Context, s *Site) error {
	if _, err := exec.LookPath("certbot"); err != nil {
		return &NginxError{"tls.certbot needs certbot on this machine: apt-get install certbot"}
	}
	if err := os.MkdirAll(filepath.Join(n.webroot, ".well-known", "acme-challenge"), 0o755); err != nil {
		return fmt.Errorf("making the directory for challenges: %w", err)
	}
	args := []string{"certonly", "--webroot", "-w", n.webroot, "-d", s.Domain, "--cert-name", s.Domain,
		"--non-interactive", "--agree-tos", "--keep-until-expiring", "--deploy-hook", "nginx -s reload"}
	if s.Email != "" {
		args = append(args, "-m", s.Email)
	} else {
		args = append(args, "--register-unsafely-without-email")
	}
	if s.CA != "" {
		args = append(args, "--server", s.CA)
	}
	text, err := command(ctx, "certbot", args...)
	if err != nil {
		return &IssueError{s.Domain, certbotReason(text)}
	}
	if !s.FindCertificate(ctx) {
		return &IssueError{s.Domain, "certbot has a certificate, but does not tell where. Check: certbot certificates"}
	}
	return nil
}

// certbotReason takes the authority's words out of certbot's.
func certbotReason(text string) string {
	for line := range strings.Lines(text) {
		if _, detail, ok := strings.Cut(line, "Detail:"); ok {
			return strings.TrimSpace(detail)
		}
	}
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return "certbot failed: " + strings.TrimSpace(lines[len(lines)-1])
}

package answers

import (
	"net/url"
	"strings"

	"github.com/distribution/reference"
)

// Examples of a right value.
const (
	certExample = "/etc/ssl/algo.pem"
	keyExample  = "/etc/ssl/algo.key"
	caExample   = "https://acme-staging-v02.api.letsencrypt.org/directory"
)

// TLS says how HTTPS is done.
type TLS struct {
	Mode      string // auto, files, nginx or off
	Email     string // for the certificate authority
	Cert, Key string // files and nginx: paths of PEM files
	CA        string // auto and nginx: ACME directory of another certificate authority than Let's Encrypt
	CATrial   string // auto: where that authority gives certificates for trials
	CARoot    string // auto and nginx: path of the PEM file with the root certificate of that certificate authority
	Certbot   bool   // nginx: it may get the certificate
	// Cloudflare's proxy is in front of it: its header says who calls.
	Cloudflare bool
	// CheckDNS refuses a domain that leads to another host.
	CheckDNS bool
	// OpenPorts lets the ports be opened in ufw or firewalld.
	OpenPorts bool
	Edge      Edge
}

func (t *TLS) fields() []field {
	return []field{
		{name: "mode", value: orOff(text(&t.Mode, "auto"))},
		{name: "email", value: text(&t.Email, "me@example.com").unless("")},
		{name: "cert", value: text(&t.Cert, certExample).unless("")},
		{name: "key", value: text(&t.Key, keyExample).unless("")},
		{name: "ca", value: text(&t.CA, caExample).unless("")},
		{name: "ca_trial", value: text(&t.CATrial, caExample).unless("")},
		{name: "ca_root", value: text(&t.CARoot, "/etc/ssl/ca.pem").unless("")},
		{name: "certbot", value: boolean(&t.Certbot).unless(false)},
		{name: "cloudflare", value: boolean(&t.Cloudflare).unless(false)},
		{name: "check_dns", value: boolean(&t.CheckDNS).unless(true)},
		{name: "open_ports", value: boolean(&t.OpenPorts).unless(false)},
		{name: "edge", value: section("{image: \"caddy:2\"}", t.Edge.fields())},
	}
}

// check holds the section against the rules; domain is where it is for.
func (t *TLS) check(r *reader, domain string) {
	if t.Mode == "" {
		t.Mode = "off"
		if domain != "" {
			t.Mode = "auto"
		}
	}
	switch t.Mode {
	case "off":
	case "auto", "files", "nginx":
		if domain == "" {
			r.wrong("tls.mode", "%s needs a domain: set `domain`, or `tls: {mode: off}`", t.Mode)
		}
	default:
		r.wrong("tls.mode", "%s is not a mode; one of auto, files, nginx, off", quote(t.Mode))
		return
	}
	own := t.Mode == "files" || t.Mode == "nginx" && (t.Cert != "" || t.Key != "")
	if own && t.Cert == "" {
		r.wrong("tls.cert", "a key needs its certificate, as the path of a PEM file, for example %s", certExample)
	}
	if own && t.Key == "" {
		r.wrong("tls.key", "a certificate needs its key, as the path of a PEM file, for example %s", keyExample)
	}
	r.onlyFor("tls.cert", t.Cert, own, "tls.mode files or nginx")
	r.onlyFor("tls.key", t.Key, own, "tls.mode files or nginx")
	asked := t.Mode == "auto" || t.Mode == "nginx" && !own
	if why := privateName(domain); asked && t.CA == "" && why != "" {
		r.wrong("domain", "%s, so Let's Encrypt issues no certificate for it. Use a domain that you own, for example algo.example.com. "+
			"In your own network, use your own certificate, or no domain and an SSH tunnel", why)
	}
	r.onlyFor("tls.ca", t.CA, asked, "tls.mode auto, or nginx with certbot")
	r.onlyFor("tls.ca_root", t.CARoot, asked, "tls.mode auto, or nginx with certbot")
	if t.Certbot && (t.Mode != "nginx" || own) {
		r.wrong("tls.certbot", "used only with tls.mode nginx and without your own certificate. Remove this, or change tls")
	}
	r.onlyFor("tls.ca_trial", t.CATrial, t.Mode == "auto", "tls.mode auto")
	for key, address := range map[string]string{"tls.ca": t.CA, "tls.ca_trial": t.CATrial} {
		u, err := url.Parse(address)
		if address != "" && (err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || strings.ContainsAny(address, "`{} \t")) {
			r.wrong(key, "%s is not the address of an ACME directory, for example %s", quote(address), caExample)
		}
	}
	if t.Email != "" {
		if !isEmail(t.Email) {
			r.wrong("tls.email", "%s is not an e-mail address, for example me@example.com", quote(t.Email))
		}
	}
	t.checkEdge(r)
}

// isEmail reports whether a text is an e-mail address as RFC 5321 has them, without its
// quoted ones: what certificate authorities take, and web servers' files.
func isEmail(text string) bool {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	name, domain, ok := strings.Cut(text, "@")
	isPart := func(part, also string) bool {
		return part != "" && strings.Trim(part, ".") == part && !strings.Contains(part, "..") &&
			!strings.ContainsFunc(part, func(r rune) bool {
				return !strings.ContainsRune(letters+also, r)
			})
	}
	return ok && len(text) <= 254 && isPart(name, "!#$%&'*+-/=?^_|~.") && isPart(domain, "-.") && strings.Trim(domain, "-") == domain
}

// Edge is the Caddy that all instances share, or the ports of the host's
// nginx. Zero values are what is there already, else the default.
type Edge struct {
	Dir         string
	Image       string
	HTTP, HTTPS int // ports
}

func (e *Edge) fields() []field {
	return []field{
		{name: "dir", value: text(&e.Dir, "/opt/openalgo-edge").unless("")},
		{name: "image", value: ref(&e.Image).unless("")},
		{name: "http", value: integer(&e.HTTP, 80).unless(0)},
		{name: "https", value: integer(&e.HTTPS, 443).unless(0)},
	}
}

func (t *TLS) checkEdge(r *reader) {
	e := t.Edge
	for key, port := range map[string]int{"tls.edge.http": e.HTTP, "tls.edge.https": e.HTTPS} {
		if port < 0 || port > 65535 {
			r.wrong(key, "%d is not a port; ports are 1 to 65535, for example 443", port)
		}
	}
	if e.HTTP != 0 && e.HTTP == e.HTTPS {
		r.wrong("tls.edge.https", "both ports are %d. Use different ports, for example {http: 80, https: 443}", e.HTTP)
	}
	if e.Dir != "" && !strings.HasPrefix(e.Dir, "/") {
		r.wrong("tls.edge.dir", "%s must begin with a slash, for example /opt/openalgo-edge", quote(e.Dir))
	}
	if e.Image != "" {
		if _, err := reference.ParseNormalizedNamed(e.Image); err != nil {
			r.wrong("tls.edge.image", "%s is not an image reference; write it like caddy:2", quote(e.Image))
		}
	}
	if t.Mode != "auto" && t.Mode != "files" {
		r.onlyFor("tls.edge.dir", e.Dir, false, "tls.mode auto or files")
		r.onlyFor("tls.edge.image", e.Image, false, "tls.mode auto or files")
	}
}

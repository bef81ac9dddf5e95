package edge

import (
	"bytes"
	"crypto/rand"
	"errors"
	"io/fs"
	"path/filepath"
	"regexp"
	"strconv"

	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/readfile"
	"github.com/marketcalls/openalgo-install/internal/secret"
	"github.com/marketcalls/openalgo-install/templates"
)

// Gate keeps a site closed to others until its admin account exists: OpenAlgo makes
// the first visitor its admin. Whoever opens the gate's link is let in, by a cookie.
// The proxy asks OpenAlgo whether the account exists, so the gate opens by itself.
type Gate struct {
	Kind   string `json:"kind"` // of the proxy
	Domain string `json:"domain"`
	Web    string `json:"web"` // host:port of OpenAlgo on this machine
}

// GateFile is where the gate of a domain is: for Caddy beside the sites of edgeDir, for
// nginx in the work directory of the instance in dir. Without the file the site is open.
func GateFile(kind, edgeDir, dir, domain string) string {
	if kind == KindNginx {
		return instance.Dir(dir).Work("setup-" + fileName(domain) + ".conf")
	}
	return filepath.Join(edgeDir, "caddy", "setup", fileName(domain)+".caddy")
}

// optional is a path as both proxies import a file that need not be there: as a pattern
// that fits this one alone.
func optional(path string) string { return path[:len(path)-1] + "?" }

// NewToken draws what opens a gate: 130 random bits.
func NewToken() secret.Text { return secret.New(rand.Text()) }

// File is the file of the gate at path. It has the token, so it is for root alone.
func (g Gate) File(path string, token secret.Text) File {
	template := templates.CaddyGate()
	if g.Kind == KindNginx {
		template = templates.NginxGate()
	}
	text := fill(template, "DOMAIN", g.Domain, "TOKEN", token.Reveal(), "WEB", g.Web, "ID", domainID(g.Domain), "CHECK", openalgo.CheckSetup,
		"WITHOUT", strconv.Itoa(openalgo.AnswerWithout), "WITH", strconv.Itoa(openalgo.AnswerWith), "PAGE", string(templates.ClosedPage()))
	return File{Path: path, Text: text, Mode: 0o600}
}

// Renewed is the file of the gate at path as it is to be where text is there now: the
// link that an owner may have already stays in force.
func (g Gate) Renewed(path string, text []byte) File {
	token := tokenIn(text)
	if token.Empty() {
		token = NewToken()
	}
	return g.File(path, token)
}

// Look reports whether a gate is at path, and whether that is another than it is to be:
// one that asks at the port of before asks whatever listens there now.
func (g Gate) Look(path string) (there, stale bool) {
	text, err := readfile.NoLink(path, readfile.Secret)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, false
	case errors.Is(err, fs.ErrPermission): // it is for root alone
		return true, false
	case err != nil:
		return true, true
	}
	return true, !bytes.Equal(g.Renewed(path, text).Text, text)
}

// gateToken finds the token in a gate's file.
var gateToken = regexp.MustCompile(`__Host-openalgo_setup=([A-Z2-7]{26,64})[^A-Z2-7]`)

// SetupLink is the link that opens the gate of a site, for its owner; empty where
// there is no gate.
func SetupLink(s instance.Edge, dir string) (link secret.Text) {
	if s.Kind == "" || s.Domain == "" {
		return secret.Text{}
	}
	text, err := readfile.NoLink(GateFile(s.Kind, s.Dir, dir, s.Domain), readfile.Secret)
	if err != nil {
		return secret.Text{}
	}
	token := tokenIn(text)
	if token.Empty() {
		return secret.Text{}
	}
	return secret.New("https://" + s.Domain + "/openalgo-setup/" + token.Reveal())
}

// tokenIn is the token of a gate's text; empty where it has none.
func tokenIn(text []byte) secret.Text {
	m := gateToken.FindSubmatch(text)
	if m == nil {
		return secret.Text{}
	}
	return secret.New(string(m[1]))
}

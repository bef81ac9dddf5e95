// Package edge puts OpenAlgo on the internet over HTTPS: through a Caddy that
// all instances of a host share, or through one site of the host's own nginx
// (docs/openalgo-facts.md 6). It plans, writes and removes sites;
// the steps of a run around that are internal/step's.
package edge

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/edge/spec"
	"github.com/marketcalls/openalgo-install/internal/host"
	"github.com/marketcalls/openalgo-install/internal/printable"
	"github.com/marketcalls/openalgo-install/internal/readfile"
	"github.com/marketcalls/openalgo-install/internal/secret"
)

type (
	// Change is one change of a site, as data.
	Change = spec.Change
	// File is a file that an edge writes.
	File = spec.File
	// Plan is what becomes of a site.
	Plan = spec.Plan
)

// Kinds of an edge.
const (
	KindCaddy = spec.KindCaddy
	KindNginx = spec.KindNginx
)

// Site is one instance as the internet sees it.
type Site struct {
	Instance       string // its Compose project
	Dir            string // its directory
	Domain         string
	Web, WebSocket string // host:port on this machine
	Email          string // for the certificate authority; may be ""
	CA             string // ACME directory; "" is Let's Encrypt, and ZeroSSL after it
	CARoot         []byte // PEM: what the CA's own certificate, and those it gives, lead to
	Cert           []byte // PEM chain of the user's own certificate; nil: one is asked for
	Key            secret.Text
	CertPath       string // nginx: where the chain and the key are
	KeyPath        string
	Cloudflare     bool // Cloudflare's proxy is in front of it: its header says who calls
}

// owner is the line of a site's file that says whose it is.
// owner stands in one line of a comment, whatever the directory is called.
func (s Site) owner() string { return strings.TrimSpace(printable.Line(s.Instance + " in " + s.Dir)) }

const ownerLine = "# instance: "

// Owner names the instance, with its directory, that a site's file was written
// for; "" when it was not written by this program.
func Owner(text []byte) string {
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, ownerLine); ok {
			return strings.TrimSpace(rest)
		}
	}
	return ""
}

// TakenError says that the domain is another instance's.
type TakenError struct{ Domain, By, Path string }

func (e *TakenError) Error() string {
	by := e.By
	if by == "" {
		by = "another process"
	}
	return fmt.Sprintf("%s is already served for %s (%s). Choose another domain, or remove that one first", e.Domain, by, e.Path)
}

// changed reports whether the file on disk is another.
func changed(f File) (bool, error) {
	now, err := readfile.Regular(f.Path, readfile.Config)
	if errors.Is(err, fs.ErrNotExist) {
		return f.Text != nil, nil
	}
	if err != nil {
		return false, fmt.Errorf("reading %s: %w", f.Path, err)
	}
	return f.Text == nil || !bytes.Equal(now, f.Text), nil
}

// Place writes a file, or removes it, in one step.
func Place(f File) error {
	if f.Text == nil {
		if err := host.Remove(f.Path); err != nil {
			return fmt.Errorf("removing %s: %w", f.Path, err)
		}
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(f.Path), 0o755); err != nil {
		return fmt.Errorf("making %s: %w", filepath.Dir(f.Path), err)
	}
	if err := host.WriteFile(f.Path, f.Text, f.Mode, ""); err != nil {
		return fmt.Errorf("writing %s: %w", f.Path, err)
	}
	return nil
}

// addFile adds a file to a plan when it changes.
func addFile(p *Plan, f File, reason string, diff func(before []byte) string) error {
	if is, err := changed(f); err != nil || !is {
		return err
	}
	before, _ := readfile.Regular(f.Path, readfile.Config)
	c := Change{Kind: "file", Name: f.Path, Action: "update", Reason: reason}
	switch {
	case f.Text == nil:
		c.Action = "remove"
	case before == nil:
		c.Action = "create"
	}
	if diff != nil {
		c.Diff = diff(before)
	}
	p.Changes = append(p.Changes, c)
	p.Files = append(p.Files, f)
	return nil
}

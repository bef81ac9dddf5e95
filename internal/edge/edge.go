// Package edge puts OpenAlgo on the internet over HTTPS: through a Caddy that
// all instances of a host share, or through one site of the host's own nginx
// (docs/openalgo-facts.md 6). It plans, writes and takes away sites;
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

	"github.com/marketcalls/openalgo-install/internal/host"
	"github.com/marketcalls/openalgo-install/internal/readfile"
	"github.com/marketcalls/openalgo-install/internal/secret"
)

// Kinds of an edge.
const (
	KindCaddy = "caddy"
	KindNginx = "nginx"
)

// Site is one instance as the internet sees it.
type Site struct {
	Instance       string // its Compose project
	Dir            string // its directory
	Domain         string
	Web, WebSocket string // host:port on this host
	Email          string // for the certificate authority; may be ""
	CA             string // ACME directory; "" is Let's Encrypt, and ZeroSSL after it
	CARoot         []byte // PEM: what the CA's own certificate, and those it gives, lead to
	Cert           []byte // PEM chain of the user's own certificate; nil: one is asked for
	Key            secret.Text
	CertPath       string // nginx: where the chain and the key are
	KeyPath        string
	Cloudflare     bool // Cloudflare's proxy is in front: its header says who calls
}

// owner is the line of a site's file that says whose it is.
func (s Site) owner() string { return s.Instance + " in " + s.Dir }

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
		by = "somebody else"
	}
	return fmt.Sprintf("%s is served for %s already (%s): choose another domain, or take that one away first", e.Domain, by, e.Path)
}

// Change is one thing that a plan makes or alters.
type Change struct{ Kind, Name, Action, Reason, Diff string }

// File is a file of an edge as it shall be; a nil Text is one that goes.
type File struct {
	Path string
	Text []byte
	Mode fs.FileMode
}

// Changed reports whether the file on disk is another.
func (f File) Changed() (bool, error) {
	now, err := readfile.Regular(f.Path, readfile.Config)
	if errors.Is(err, fs.ErrNotExist) {
		return f.Text != nil, nil
	}
	if err != nil {
		return false, fmt.Errorf("reading %s: %w", f.Path, err)
	}
	return f.Text == nil || !bytes.Equal(now, f.Text), nil
}

// Place writes the file, or removes it, in one step.
func (f File) Place() error {
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

// Plan is what an edge needs for a site: data alone.
type Plan struct {
	Changes  []Change
	Warnings []string
	Files    []File // that change, in the order in which they are written
	Pull     string // image that Docker does not have yet
	// Shared are those that all sites have in common, changed or not: another run
	// may take them away before this one's site is in place.
	Shared []File `json:"-"`
}

// file adds a file to the plan when it changes.
func (p *Plan) file(f File, reason string, diff func(before []byte) string) error {
	changed, err := f.Changed()
	if err != nil || !changed {
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

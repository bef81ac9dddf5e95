// Package spec has the data types of what serves OpenAlgo over HTTPS: what is to
// be written for it.
package spec

import (
	"io/fs"

	"github.com/marketcalls/openalgo-install/internal/finding"
)

// Kinds of an edge.
const (
	KindCaddy = "caddy"
	KindNginx = "nginx"
)

// Change is one thing that a plan makes or alters.
type Change struct{ Kind, Name, Action, Reason, Diff string }

// File is a file of an edge as it shall be; a nil Text is one that goes.
type File struct {
	Path string
	Text []byte
	Mode fs.FileMode
}

// Plan is what an edge needs for a site.
type Plan struct {
	Changes  []Change
	Warnings finding.Warnings
	Files    []File // that change, in the order in which they are written
	Pull     string // image that Docker does not have yet
	// Shared are those that all sites have in common, changed or not: another run
	// may remove them before this one's site is in place.
	Shared []File `json:"-"`
}

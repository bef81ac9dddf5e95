// Package templates holds the files that are written onto a host, as they
// are before anything is filled in.
package templates

import (
	_ "embed"
	"io/fs"
)

// Env is the base of a new .env for images that bring no /app/.sample.env of
// their own: every key the app knows, with its default in a container
// (docs/openalgo-facts.md 1.1).
//
//go:embed env
var Env []byte

// Compose is the template of docker-compose.yaml; internal/compose renders it.
//
//go:embed docker-compose.yaml
var Compose []byte

// Ports is the program by which the ports of this machine lead to OpenAlgo inside its
// container; internal/compose writes it into docker-compose.yaml.
//
//go:embed openalgo-ports.py
var Ports []byte

// Volume is the program that reads and fills OpenAlgo's data in a cluster, in a pod of
// OpenAlgo's image.
//
//go:embed volume.py
var Volume []byte

// What makes OpenAlgo's image out of a checkout: all of it stands in the build
// context's top directory, DockerIgnore as .dockerignore.
var (
	// Dockerfile has five stages.
	//
	//go:embed Dockerfile
	Dockerfile []byte
	// DockerIgnore says what of a checkout stays out of the image.
	//
	//go:embed dockerignore
	DockerIgnore []byte
	// StartScript is the container's start.sh.
	//
	//go:embed start.sh
	StartScript []byte
	// Migrate is what start.sh runs the migrations with.
	//
	//go:embed openalgo-migrate.py
	Migrate []byte
	// Compile is what the build compiles Python's modules with.
	//
	//go:embed openalgo-image.py
	Compile []byte
)

// File is one of the build context's.
type File struct {
	Name string
	Text []byte
	Mode fs.FileMode
}

// BuildFiles are those that a build with Dockerfile needs beside the checkout.
func BuildFiles() []File {
	return []File{
		{"Dockerfile", Dockerfile, 0o644},
		{"openalgo-image.py", Compile, 0o644},
		{"openalgo-migrate.py", Migrate, 0o644},
		{"start.sh", StartScript, 0o755},
	}
}

// The HTTPS edge; internal/edge fills these in.
var (
	// EdgeCompose is docker-compose.yaml of the Caddy that all instances share.
	//
	//go:embed edge/docker-compose.yaml
	EdgeCompose []byte
	// Caddyfile is that Caddy's own part, and CaddySite the file of one instance.
	//
	//go:embed edge/Caddyfile
	Caddyfile []byte
	//go:embed edge/site.caddy
	CaddySite []byte
	// Nginx is the file of one instance for the host's nginx: the redirect, and
	// where NginxHTTPS goes once there is a certificate.
	//
	//go:embed edge/nginx.conf
	Nginx []byte
	//go:embed edge/nginx-https.conf
	NginxHTTPS []byte
	// CaddyGate and NginxGate keep a site closed to others until its admin account
	// exists; ClosedPage is what others see.
	//
	//go:embed edge/gate.caddy
	CaddyGate []byte
	//go:embed edge/gate.conf
	NginxGate []byte
	//go:embed edge/closed.html
	ClosedPage []byte
)

// Package templates holds the files that are written onto a host, as they
// are before anything is filled in.
package templates

import (
	"io/fs"

	"github.com/marketcalls/openalgo-install/internal/packed"
)

// Env is the base of a new .env for images that bring no /app/.sample.env of
// their own: every key the app knows, with its default in a container
// (docs/openalgo-facts.md 1.1).
func Env() []byte { return packed.Text("templates/env") }

// Compose is the template of docker-compose.yaml; internal/compose renders it.
func Compose() []byte { return packed.Text("templates/docker-compose.yaml") }

// Ports is the program by which the ports of this machine lead to OpenAlgo inside its
// container; internal/compose writes it into docker-compose.yaml.
func Ports() []byte { return packed.Text("templates/openalgo-ports.py") }

// Volume is the program that reads and fills OpenAlgo's data in a cluster, in a pod of
// OpenAlgo's image.
func Volume() []byte { return packed.Text("templates/volume.py") }

// Dockerfile makes OpenAlgo's image out of a checkout, in five stages. It stands in the
// build context's top directory, as do the four texts below, DockerIgnore as .dockerignore.
func Dockerfile() []byte { return packed.Text("templates/Dockerfile") }

// DockerIgnore says what of a checkout stays out of the image.
func DockerIgnore() []byte { return packed.Text("templates/dockerignore") }

// StartScript is the container's start.sh.
func StartScript() []byte { return packed.Text("templates/start.sh") }

// Migrate is what start.sh runs the migrations with.
func Migrate() []byte { return packed.Text("templates/openalgo-migrate.py") }

// Compile is what the build compiles Python's modules with.
func Compile() []byte { return packed.Text("templates/openalgo-image.py") }

// File is one of the build context's.
type File struct {
	Name string
	Text []byte
	Mode fs.FileMode
}

// BuildFiles are those that a build with Dockerfile needs beside the checkout.
func BuildFiles() []File {
	return []File{
		{"Dockerfile", Dockerfile(), 0o644},
		{"openalgo-image.py", Compile(), 0o644},
		{"openalgo-migrate.py", Migrate(), 0o644},
		{"start.sh", StartScript(), 0o755},
	}
}

// EdgeCompose is docker-compose.yaml of the Caddy that all instances share;
// internal/edge fills it in, and all below.
func EdgeCompose() []byte { return packed.Text("templates/edge/docker-compose.yaml") }

// Caddyfile is that Caddy's own part.
func Caddyfile() []byte { return packed.Text("templates/edge/Caddyfile") }

// CaddySite is the file of one instance.
func CaddySite() []byte { return packed.Text("templates/edge/site.caddy") }

// Nginx is the file of one instance for the host's nginx: the redirect, and
// where NginxHTTPS goes once there is a certificate.
func Nginx() []byte { return packed.Text("templates/edge/nginx.conf") }

// NginxHTTPS is the part of it for HTTPS.
func NginxHTTPS() []byte { return packed.Text("templates/edge/nginx-https.conf") }

// CaddyGate keeps a site closed to others until its admin account exists.
func CaddyGate() []byte { return packed.Text("templates/edge/gate.caddy") }

// NginxGate does the same in nginx.
func NginxGate() []byte { return packed.Text("templates/edge/gate.conf") }

// ClosedPage is what others see.
func ClosedPage() []byte { return packed.Text("templates/edge/closed.html") }

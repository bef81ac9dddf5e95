// Package templates holds the files that are written onto a host, as they
// are before anything is filled in.
package templates

import _ "embed"

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

// Dockerfile makes OpenAlgo's image out of a checkout, in three stages; the
// build context must hold StartScript as start.sh.
//
//go:embed Dockerfile
var Dockerfile []byte

// DockerIgnore says what of a checkout stays out of the image.
//
//go:embed dockerignore
var DockerIgnore []byte

// StartScript is the container's start.sh.
//
//go:embed start.sh
var StartScript []byte

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
)

package preflight

import "github.com/marketcalls/openalgo-install/internal/finding"

// Proxies is the warning of a docker config whose proxies a container would use to
// reach itself, too.
func Proxies() *finding.Error {
	return finding.Warn("proxy-without-loopback", "Docker's config.json sets a proxy for containers, and its noProxy lacks 127.0.0.1. "+
		"openalgo-install adds that for OpenAlgo's container. If Docker Compose recreates the container, its health check goes "+
		"to the proxy and fails").
		With(finding.Hint{Do: `In ~/.docker/config.json, add this beside "httpProxy": "noProxy": "localhost,127.0.0.1"`})
}

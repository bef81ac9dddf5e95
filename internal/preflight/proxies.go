package preflight

import "github.com/marketcalls/openalgo-install/internal/finding"

// Proxies is the warning of a docker config whose proxies a container would use to
// reach itself, too.
func Proxies() *finding.Error {
	return finding.Warn("proxy-without-loopback", "docker's config.json gives containers a proxy, and its noProxy lacks 127.0.0.1. openalgo-install adds that to OpenAlgo's container. "+
		"A container that Docker Compose creates would ask the proxy for its own health, and become unhealthy").
		With(finding.Hint{Do: `Write it into ~/.docker/config.json, below "proxies" and beside "httpProxy": "noProxy": "localhost,127.0.0.1"`})
}

package engine

import (
	"strings"

	"github.com/docker/cli/cli/config/configfile"
)

// proxiesOf are the variables that docker's config gives to containers and builds on
// one Docker, as the docker command and Docker Compose do. What runs there reaches
// itself without a proxy: health checks and strategies ask 127.0.0.1.
func proxiesOf(file *configfile.ConfigFile, endpoint string) map[string]string {
	out := map[string]string{}
	for key, value := range file.ParseProxyConfig(endpoint, nil) {
		out[key] = *value
	}
	if len(out) == 0 {
		return nil
	}
	for _, key := range []string{"NO_PROXY", "no_proxy"} {
		out[key] = withLoopback(out[key])
	}
	return out
}

// loopback are the names by which a container reaches itself.
var loopback = []string{"localhost", "127.0.0.1", "::1"}

func withLoopback(noProxy string) string {
	for _, name := range loopback {
		if !excepts(noProxy, name) {
			noProxy = strings.TrimPrefix(noProxy+","+name, ",")
		}
	}
	return noProxy
}

// excepts reports whether a NO_PROXY has a name; * is all names.
func excepts(noProxy, name string) bool {
	for _, one := range strings.Split(noProxy, ",") {
		if one = strings.TrimSpace(one); one == name || one == "*" {
			return true
		}
	}
	return false
}

// proxiesLackLoopback reports whether the config itself leaves that out, so that a
// container which Docker Compose creates asks the proxy for its own health.
func proxiesLackLoopback(file *configfile.ConfigFile, endpoint string) bool {
	found := file.ParseProxyConfig(endpoint, nil)
	noProxy := ""
	if value := found["NO_PROXY"]; value != nil {
		noProxy = *value
	}
	return found["HTTP_PROXY"] != nil && !excepts(noProxy, "127.0.0.1")
}

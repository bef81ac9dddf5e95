package dockersetup

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/marketcalls/openalgo-install/internal/wait"
)

// ping asks the daemon behind a Unix socket for its version. A daemon that
// this user may not talk to counts as running: something listens there.
func ping(ctx context.Context, socket string) (version string, running, notAllowed bool) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	transport := &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, "unix", socket)
		},
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://docker/version", nil)
	if err != nil {
		return "", false, false
	}
	response, err := transport.RoundTrip(request)
	if err != nil {
		denied := errors.Is(err, fs.ErrPermission)
		return "", denied, denied
	}
	defer response.Body.Close()
	var answer struct {
		Version    string
		Components []struct{ Name string }
	}
	if response.StatusCode != http.StatusOK || json.NewDecoder(response.Body).Decode(&answer) != nil {
		return "", false, false
	}
	for _, c := range answer.Components {
		if strings.Contains(c.Name, "Podman") {
			return podman + " " + answer.Version, true, false
		}
	}
	return answer.Version, true, false
}

// podman begins the version where it is Podman that answers.
const podman = "Podman"

// Named is a version with what it is a version of.
func Named(version string) string {
	if strings.HasPrefix(version, podman) {
		return version
	}
	return strings.TrimSpace("Docker Engine " + version)
}

// waitForDaemon polls until the daemon answers or o.Wait is over.
func (o Options) waitForDaemon(ctx context.Context) (version string, running bool) {
	err := wait.Until(ctx, o.Wait, o.Poll, func(ctx context.Context) (bool, error) {
		version, running, _ = ping(ctx, o.Socket)
		return running, nil
	})
	return version, err == nil
}

package engine

import (
	"testing"

	"github.com/docker/docker/api/types/container"
)

func TestFromSummary(t *testing.T) {
	t.Parallel()
	c := fromSummary(container.Summary{ID: "1", Names: []string{"/other/alias", "/openalgo-web"}, Image: "marketcalls/openalgo:latest", ImageID: "sha256:2", State: "running", Created: 1700000000,
		Labels: map[string]string{"com.docker.compose.project": "openalgo"},
		Ports:  []container.Port{{IP: "127.0.0.1", PrivatePort: 5000, PublicPort: 5001, Type: "tcp"}, {PrivatePort: 8765, Type: "tcp"}},
		Mounts: []container.MountPoint{{Type: "bind", Source: "/opt/openalgo/.env", Destination: "/app/.env", RW: true}}})
	if c.Name != "openalgo-web" || c.State != "running" || c.Labels["com.docker.compose.project"] != "openalgo" || c.Created.Year() != 2023 || !c.StartedAt.IsZero() {
		t.Errorf("%+v", c)
	}
	if ip, port := c.Published(5000); ip != "127.0.0.1" || port != 5001 || len(c.Ports) != 1 {
		t.Errorf("%+v", c.Ports)
	}
	if len(c.Mounts) != 1 || c.Mounts[0].Target != "/app/.env" || c.Mounts[0].ReadOnly {
		t.Errorf("%+v", c.Mounts)
	}
}

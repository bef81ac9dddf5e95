package engine

import (
	"testing"

	"github.com/docker/docker/api/types/container"
)

func TestHealthOf(t *testing.T) {
	t.Parallel()
	good, bad := []*container.HealthcheckResult{{ExitCode: 0, Output: " ok\n"}}, []*container.HealthcheckResult{{ExitCode: 0}, {ExitCode: 1, Output: "refused"}}
	for name, c := range map[string]struct {
		status      container.HealthStatus
		log         []*container.HealthcheckResult
		state, says string
	}{
		"healthy":               {container.Healthy, good, "healthy", "ok"},
		"unhealthy":             {container.Unhealthy, bad, "unhealthy", "refused"},
		"failing once":          {container.Healthy, bad, "healthy", "refused"},
		"starting":              {container.Starting, nil, "starting", ""},
		"frozen":                {container.Unhealthy, good, "healthy", "ok"},
		"frozen while starting": {container.Unhealthy, nil, "starting", ""},
	} {
		if state, says := healthOf(&container.Health{Status: c.status, Log: c.log}); state != c.state || says != c.says {
			t.Errorf("%s: %q, %q", name, state, says)
		}
	}
}

package guard

import (
	"strings"
	"testing"

	docker "github.com/marketcalls/openalgo-install/internal/engine/spec"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// What needs the volumes is refused with the place where they are, and the way there.
func TestElsewhere(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		info docker.Info
		says []string
	}{
		"ssh": {docker.Info{Name: "vps", Endpoint: "ssh://me@vps.example"},
			[]string{"They are on vps, where the Docker at ssh://me@vps.example runs", "\n    ssh me@vps.example\n    sudo openalgo-install --dir /srv/algo status"}},
		"ssh with a port and a socket": {docker.Info{Name: "vps", Endpoint: "ssh://me@vps:2222/run/docker.sock"}, []string{"\n    ssh -p 2222 me@vps\n"}},
		"tcp":                          {docker.Info{Endpoint: "tcp://10.0.0.1:2376"}, []string{"another machine", "tcp://10.0.0.1:2376", "\n    sudo openalgo-install --dir /srv/algo status"}},
		"Docker Desktop":               {docker.Info{Desktop: true, Endpoint: "unix:///home/me/.docker/desktop/docker.sock"}, []string{"Docker Desktop", "Linux server"}},
	} {
		err := MayCopy(&world.Observation{Dir: instance.Dir("/srv/algo"), Engine: c.info}, "a backup")
		text := finding.Prompt{Dir: "/srv/algo"}.Text(err)
		for _, want := range append(c.says, "a backup needs Docker's volumes", finding.Unchanged) {
			if !strings.Contains(text, want) {
				t.Errorf("%s: %q is missing:\n%s", name, want, text)
			}
		}
		if finding.IDOf(err) != "engine-elsewhere" || finding.KindOf(err) != finding.HostNotReady {
			t.Errorf("%s: %v", name, err)
		}
	}
}

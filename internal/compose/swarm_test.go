package compose_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/types"

	"github.com/marketcalls/openalgo-install/internal/compose"
)

func TestRenderSwarmGolden(t *testing.T) {
	t.Parallel()
	p := params
	p.Project, p.Image, p.WebPort, p.Command = "algo", "r/a$b:1", 5001, compose.Command(5001, 8765)
	got := compose.RenderSwarm(compose.Swarm{Params: p, Secret: "algo_env_0000000000", Variables: [][2]string{{"OMP_NUM_THREADS", "2"}}, RAMMiB: 4096, ShmMiB: 512})
	path := filepath.Join("testdata", "swarm.golden.yaml")
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil || string(got) != string(want) {
		t.Errorf("it differs from %s (%v):\n%s", path, err, got)
	}
	project, err := loader.LoadWithContext(t.Context(), types.ConfigDetails{WorkingDir: t.TempDir(),
		ConfigFiles: []types.ConfigFile{{Filename: compose.StackName, Content: got}}}, func(o *loader.Options) { o.SetProjectName("algo", true) })
	if err != nil {
		t.Fatal(err)
	}
	s := project.Services["openalgo"]
	if s.Image != "r/a$b:1" || *s.Deploy.Replicas != 1 || s.Deploy.UpdateConfig.Order != "stop-first" || s.Deploy.Resources.Limits.MemoryBytes != 4608<<20 ||
		s.Deploy.Resources.Limits.Pids != 2048 || s.Ports[0].Mode != "host" || *s.Secrets[0].Mode != 0o400 || s.Deploy.Placement.Constraints[0] != "node.labels.openalgo == algo" {
		t.Errorf("%+v", s)
	}
}

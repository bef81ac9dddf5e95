package logsize

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/engine"
)

func TestOf(t *testing.T) {
	t.Parallel()
	docker, app := t.TempDir(), t.TempDir()
	for path, size := range map[string]int{
		filepath.Join(docker, "c-json.log"): 1 << 20, filepath.Join(docker, "c-json.log.1"): 2 << 20, filepath.Join(docker, "c-json.log.2.gz"): 1 << 19,
		filepath.Join(docker, "other"): 9 << 20, filepath.Join(app, "openalgo.log"): 1 << 20,
	} {
		if err := os.WriteFile(path, make([]byte, size), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c := engine.Container{Log: engine.Log{Driver: "json-file", MaxBytes: 10 << 20, MaxFiles: 5, Path: filepath.Join(docker, "c-json.log")},
		Mounts: []engine.Mount{{Type: "volume", Name: "logs", Source: app, Target: Dir}}}
	for name, test := range map[string]struct {
		change func(*engine.Container)
		local  bool
		sizes  map[string]int64
		want   Logs
		says   string
	}{
		"ours":            {nil, true, nil, Logs{"json-file", 7 << 19, 50 << 20, 1 << 20}, "Docker keeps 4 MiB of at most 50 MiB. OpenAlgo's own files take 1 MiB"},
		"size of Docker":  {nil, true, map[string]int64{"logs": 5 << 20}, Logs{"json-file", 7 << 19, 50 << 20, 5 << 20}, ""},
		"another machine": {nil, false, nil, Logs{"json-file", -1, 50 << 20, -1}, "Docker keeps at most 50 MiB"},
		"no rotation":     {func(c *engine.Container) { c.Log.MaxBytes, c.Mounts = 0, nil }, true, nil, Logs{"json-file", 7 << 19, 0, -1}, "Docker keeps 4 MiB, without a limit"},
		"one file":        {func(c *engine.Container) { c.Log.MaxFiles = 0 }, true, nil, Logs{"json-file", 7 << 19, 10 << 20, 1 << 20}, ""},
		"journald":        {func(c *engine.Container) { c.Log, c.Mounts = engine.Log{Driver: "journald"}, nil }, true, nil, Logs{"journald", -1, 0, -1}, ""},
		"not readable":    {func(c *engine.Container) { c.Log.Path = "/nowhere/c.log" }, true, nil, Logs{"json-file", -1, 50 << 20, 1 << 20}, ""},
	} {
		c := c
		if test.change != nil {
			test.change(&c)
		}
		got := Of(c, test.local, test.sizes)
		if got != test.want || test.says != "" && got.String() != test.says || got.Unbounded() != (name == "no rotation") {
			t.Errorf("%s: %+v: %s", name, got, got)
		}
	}
}

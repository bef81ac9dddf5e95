package engine_test

import (
	"context"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/engine/spec"
)

// A copy is the original but for what was asked to change.
func TestCreateCopy(t *testing.T) {
	e := connect(t, engine.Options{})
	img := testImage(t, e)
	network, volume, n, dir := name(), name(), name(), t.TempDir()
	withNetwork(t, e, network)
	withVolume(t, e, volume)
	yes := true
	id := create(t, e, engine.ContainerSpec{
		Name:     n,
		Config:   engine.Config{Image: img.Ref, Env: []string{"A=1", "B=2"}, Labels: map[string]string{"oatest.run": n}, User: "1000:1000", StopTimeout: spec.Seconds(40 * time.Second)},
		Host:     engine.HostConfig{RestartPolicy: engine.RestartPolicy{Name: "unless-stopped"}, Init: &yes, ShmSize: 64 << 20},
		Mounts:   []engine.Mount{{Type: "volume", Source: volume, Target: "/data"}, {Type: "bind", Source: dir, Target: "/app/dir", ReadOnly: true}},
		Ports:    []engine.PortBinding{{HostIP: "127.0.0.1", HostPort: freePort(t), ContainerPort: 5000}},
		Networks: []engine.NetworkAttachment{{Name: network, Aliases: []string{"openalgo"}}},
	})
	start(t, e, id)
	if bytes, err := e.MemoryInUse(t.Context(), id); err != nil || bytes <= 0 {
		t.Errorf("memory in use: %d, %v", bytes, err)
	}
	before := inspect(t, e, id)
	other, err := e.CreateCopy(t.Context(), id, n+"-new", engine.Changes{Env: map[string]string{"B": "3", "C": "4"}, ShmBytes: 128 << 20})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Remove(context.Background(), other) })
	after := inspect(t, e, other)
	if after.ShmBytes != 128<<20 || !slices.Contains(after.Env, "A=1") || !slices.Contains(after.Env, "B=3") ||
		!slices.Contains(after.Env, "C=4") || slices.Contains(after.Env, "B=2") {
		t.Errorf("the changes: shm %d, %v", after.ShmBytes, after.Env)
	}
	for _, c := range []*engine.Container{&before, &after} {
		c.ID, c.Name, c.State, c.Created, c.StartedAt, c.Env, c.ShmBytes, c.Pid, c.Log.Path = "", "", "", time.Time{}, time.Time{}, nil, 0, 0, ""
	}
	if !reflect.DeepEqual(before, after) {
		t.Errorf("the copy differs:\n%+v\n%+v", before, after)
	}
}

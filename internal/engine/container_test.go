package engine_test

import (
	"bytes"
	"errors"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/engine/spec"
)

func TestContainerIsWhatTheSpecSays(t *testing.T) {
	e := connect(t, engine.Options{})
	img := testImage(t, e)
	network, volume, n := name(), name(), name()
	withNetwork(t, e, network)
	withVolume(t, e, volume)
	dir := t.TempDir()
	writeFile(t, dir+"/.env", []byte("KEY=1\n"), 0o600)
	yes, pids := true, int64(50)
	port := freePort(t)

	id := create(t, e, engine.ContainerSpec{
		Name: n,
		Config: engine.Config{
			Image: img.Ref, Env: []string{"B=2"}, Labels: map[string]string{"oatest.run": n}, User: "1000:1000", Hostname: "box",
			StopTimeout: spec.Seconds(40 * time.Second),
			Healthcheck: &engine.HealthConfig{Test: []string{"CMD", "/probe", "say", "well", ""}, Interval: 100 * time.Millisecond, Retries: 1},
		},
		Host: engine.HostConfig{
			RestartPolicy: engine.RestartPolicy{Name: "on-failure", MaximumRetryCount: 3}, Init: &yes, ShmSize: 128 << 20, CapDrop: []string{"NET_RAW"},
			LogConfig: spec.LogConfig{Type: "json-file", Config: map[string]string{"max-size": "1m"}},
			Resources: engine.Resources{Memory: 64 << 20, PidsLimit: &pids, Ulimits: []*spec.Ulimit{{Name: "nofile", Soft: 1024, Hard: 2048}}},
		},
		Mounts: []engine.Mount{
			{Type: "volume", Source: volume, Target: "/data"},
			{Type: "bind", Source: dir + "/.env", Target: "/app/.env", ReadOnly: true},
			{Type: "tmpfs", Target: "/run", TmpfsBytes: 1 << 20},
		},
		Ports:    []engine.PortBinding{{HostIP: "127.0.0.1", HostPort: port, ContainerPort: 5000}, {HostIP: "127.0.0.1", ContainerPort: 8765}},
		Networks: []engine.NetworkAttachment{{Name: network, Aliases: []string{"openalgo"}}},
	})
	stopped := inspect(t, e, n)
	if stopped.ID != id || stopped.Name != n || stopped.State != "created" || !stopped.StartedAt.IsZero() || stopped.Created.IsZero() {
		t.Errorf("created: %+v", stopped)
	}
	if got := stopped.Ports; len(got) != 2 || got[0] != (engine.PortBinding{HostIP: "127.0.0.1", HostPort: port, ContainerPort: 5000, Protocol: "tcp"}) {
		t.Errorf("ports while stopped: %+v", got)
	}
	start(t, e, id)
	if err := e.Start(t.Context(), id); err != nil {
		t.Errorf("start again: %v", err)
	}
	until(t, "healthy", func() bool { return inspect(t, e, id).Health == "healthy" })
	c := inspect(t, e, id)
	if c.State != "running" || c.Pid == 0 || c.StartedAt.IsZero() || c.Image != img.Ref || c.ImageID != img.ID ||
		c.ShmBytes != 128<<20 || c.MemoryBytes != 64<<20 || c.Restart != "on-failure:3" || c.StopGrace != 40*time.Second ||
		c.User != "1000:1000" || !slices.Equal(c.Networks, []string{network}) || !strings.Contains(c.HealthLog, "well") ||
		!slices.Contains(c.Env, "B=2") || !slices.Contains(c.Env, "FROM_IMAGE=yes") || c.Labels["oatest.run"] != n {
		t.Errorf("running: %+v", c)
	}
	if c.Ports[1].HostPort == 0 {
		t.Errorf("the port that the engine chose is not told: %+v", c.Ports)
	}
	if len(c.Mounts) != 3 || c.Mounts[0].Type != "bind" || c.Mounts[0].Source != dir+"/.env" || !c.Mounts[0].ReadOnly ||
		c.Mounts[1].Type != "volume" || c.Mounts[1].Name != volume || c.Mounts[1].ReadOnly ||
		c.Mounts[2].Type != "tmpfs" || c.Mounts[2].TmpfsBytes != 1<<20 {
		t.Errorf("mounts: %+v", c.Mounts)
	}
	list, err := e.Containers(t.Context(), "oatest.run="+n)
	if err != nil || len(list) != 1 || list[0].ID != id {
		t.Errorf("by label: %v, %v", list, err)
	}
	got, err := e.Network(t.Context(), network)
	if err != nil || !slices.Equal(got.Containers, []string{n}) {
		t.Errorf("network: %+v, %v", got, err)
	}
}

func TestStopRenameRemove(t *testing.T) {
	e := connect(t, engine.Options{})
	img := testImage(t, e)
	a, b := name(), name()
	idA := create(t, e, engine.ContainerSpec{Name: a, Config: engine.Config{Image: img.Ref}})
	idB := create(t, e, engine.ContainerSpec{Name: b, Config: engine.Config{Image: img.Ref, Cmd: []string{"exit", "7"}}})
	start(t, e, idA)
	start(t, e, idB)
	until(t, "exited", func() bool { return inspect(t, e, idB).State == "exited" })
	if c := inspect(t, e, idB); c.ExitCode != 7 || c.FinishedAt.IsZero() {
		t.Errorf("exited: %+v", c)
	}
	wants(t, e.Rename(t.Context(), idB, a), engine.ErrConflict, a)
	if err := e.Rename(t.Context(), idA, a+"-old"); err != nil {
		t.Error(err)
	}
	if err := e.Rename(t.Context(), idB, a); err != nil {
		t.Error(err)
	}
	if err := e.Restart(t.Context(), idA, time.Second); err != nil {
		t.Error(err)
	}
	// A process that has only just begun takes no signal yet.
	until(t, "a second start", func() bool {
		var log bytes.Buffer
		return e.Logs(t.Context(), idA, engine.LogOptions{}, &log, &log) == nil && strings.Count(log.String(), "ready to serve") >= 2
	})
	for range 2 { // the second time it is stopped already
		if err := e.Stop(t.Context(), idA, 20*time.Second); err != nil {
			t.Error(err)
		}
	}
	if c := inspect(t, e, idA); c.State != "exited" || c.ExitCode != 0 {
		t.Errorf("not stopped by SIGTERM: %+v", c)
	}
	start(t, e, idA)
	if err := e.Kill(t.Context(), idA, ""); err != nil {
		t.Error(err)
	}
	until(t, "killed", func() bool { return inspect(t, e, idA).ExitCode == 137 })
	for range 2 {
		if err := e.Remove(t.Context(), idA); err != nil {
			t.Error(err)
		}
	}
	_, err := e.Container(t.Context(), idA)
	wants(t, err, engine.ErrNotFound)
	wants(t, e.Start(t.Context(), idA), engine.ErrNotFound)
}

func TestRemoveTwiceAtOnce(t *testing.T) {
	e := connect(t, engine.Options{})
	id := create(t, e, engine.ContainerSpec{Config: engine.Config{Image: testImage(t, e).Ref}})
	start(t, e, id)
	done := make(chan error)
	for range 4 {
		go func() { done <- e.Remove(t.Context(), id) }()
	}
	for range 4 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	_, err := e.Container(t.Context(), id)
	wants(t, err, engine.ErrNotFound)
}

func TestCreateFails(t *testing.T) {
	e := connect(t, engine.Options{})
	img := testImage(t, e)
	n := name()
	create(t, e, engine.ContainerSpec{Name: n, Config: engine.Config{Image: img.Ref}})

	_, err := e.Create(t.Context(), engine.ContainerSpec{Name: n, Config: engine.Config{Image: img.Ref}})
	wants(t, err, engine.ErrConflict, n)
	_, err = e.Create(t.Context(), engine.ContainerSpec{Name: name(), Config: engine.Config{Image: img.Ref},
		Mounts: []engine.Mount{{Type: "bind", Source: "/none/of.env", Target: "/app/.env", SELinux: "Z"}}})
	if e.Info().Local && (err == nil || !strings.Contains(err.Error(), "there is no /none/of.env")) {
		t.Errorf("with a label of SELinux: %v", err)
	}
	_, err = e.Create(t.Context(), engine.ContainerSpec{Name: name(), Config: engine.Config{Image: name() + ":1"}})
	wants(t, err, engine.ErrImageNotFound, "Pull the image first")
	if !errors.Is(err, engine.ErrNotFound) {
		t.Error("a missing image is not ErrNotFound")
	}
	_, err = e.Create(t.Context(), engine.ContainerSpec{Name: name(),
		Config: engine.Config{Image: img.Ref},
		Mounts: []engine.Mount{
			{Type: "bind", Source: "/nowhere/" + n, Target: "/x"}}})
	if err == nil || !strings.Contains(err.Error(), "/nowhere/"+n) {
		t.Errorf("a missing bind source gave %v", err)
	}
	for _, s := range []engine.ContainerSpec{
		{Mounts: []engine.Mount{{Type: "npipe"}}}, {Ports: []engine.PortBinding{{ContainerPort: 1 << 17}}},
	} {
		s.Name, s.Image = name(), img.Ref
		if _, err := e.Create(t.Context(), s); err == nil {
			t.Errorf("no error for %+v", s)
		}
	}

	// A network that is not there: nothing may stay behind.
	network := name()
	withNetwork(t, e, network)
	half, missing := name(), name()
	_, err = e.Create(t.Context(), engine.ContainerSpec{Name: half,
		Config:   engine.Config{Image: img.Ref},
		Networks: []engine.NetworkAttachment{{Name: network}, {Name: missing}}})
	wants(t, err, engine.ErrNotFound, missing)
	_, err = e.Container(t.Context(), half)
	wants(t, err, engine.ErrNotFound)
	// One that cannot be joined, found only once the container exists.
	_, err = e.Create(t.Context(), engine.ContainerSpec{Name: half,
		Config:   engine.Config{Image: img.Ref},
		Networks: []engine.NetworkAttachment{{Name: network}, {Name: "host"}}})
	if err == nil {
		t.Error("joined a network and the host's")
	}
	_, err = e.Container(t.Context(), half)
	wants(t, err, engine.ErrNotFound)
}

func TestTwoNetworks(t *testing.T) {
	e := connect(t, engine.Options{})
	img := testImage(t, e)
	a, b := name(), name()
	withNetwork(t, e, a)
	withNetwork(t, e, b)
	id := create(t, e, engine.ContainerSpec{Config: engine.Config{Image: img.Ref},
		Networks: []engine.NetworkAttachment{
			{Name: a, MAC: "02:42:ac:11:00:99"}, {Name: b}}})
	start(t, e, id)
	want := []string{a, b}
	slices.Sort(want)
	if got := inspect(t, e, id).Networks; !slices.Equal(got, want) {
		t.Errorf("networks %v, want %v", got, want)
	}
	wants(t, e.RemoveNetwork(t.Context(), a), engine.ErrConflict)
}

func TestPortTaken(t *testing.T) {
	e := connect(t, engine.Options{})
	img := testImage(t, e)
	if !e.Info().Local {
		t.Skip("the engine has other ports than we")
	}
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	network := name()
	withNetwork(t, e, network)
	publishing := func(port int) string {
		return create(t, e, engine.ContainerSpec{Config: engine.Config{Image: img.Ref},
			Networks: []engine.NetworkAttachment{{Name: network}},
			Ports:    []engine.PortBinding{{HostIP: "127.0.0.1", HostPort: port, ContainerPort: 5000}}})
	}
	port := listener.Addr().(*net.TCPAddr).Port
	id := publishing(port)
	wants(t, e.Start(t.Context(), id), engine.ErrPortTaken, listener.Addr().String())
	if c := inspect(t, e, id); c.State != "created" {
		t.Errorf("state %s, want created", c.State)
	}

	port = freePort(t)
	start(t, e, publishing(port))
	id = publishing(port)
	wants(t, e.Start(t.Context(), id), engine.ErrPortTaken, "127.0.0.1:")
}

func freePort(t *testing.T) int {
	t.Helper()
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port
}

func withNetwork(t *testing.T, e *engine.Engine, network string) {
	t.Helper()
	if _, err := e.CreateNetwork(t.Context(), engine.NetworkSpec{Name: network}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := cleanup()
		defer cancel()
		if err := e.RemoveNetwork(ctx, network); err != nil {
			t.Error(err)
		}
	})
}

func withVolume(t *testing.T, e *engine.Engine, volume string) {
	t.Helper()
	_, err := e.CreateVolume(t.Context(), engine.VolumeSpec{Name: volume, Labels: map[string]string{"oatest.volume": volume}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := cleanup()
		defer cancel()
		if err := e.RemoveVolume(ctx, volume); err != nil {
			t.Error(err)
		}
	})
}

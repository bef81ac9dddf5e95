package engine_test

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/marketcalls/openalgo-install/internal/engine"
)

func TestNetworks(t *testing.T) {
	e := connect(t, engine.Options{})
	n := name()
	t.Cleanup(func() { e.RemoveNetwork(context.Background(), n) })
	spec := engine.NetworkSpec{Name: n, Internal: true, Labels: map[string]string{"oatest": n},
		IPAM: []engine.IPAMConfig{{Subnet: "10.213.57.0/24", Gateway: "10.213.57.1"}}}
	made, err := e.CreateNetwork(t.Context(), spec)
	if err != nil || made.Name != n || made.Driver != "bridge" || made.Labels["oatest"] != n {
		t.Fatalf("%+v, %v", made, err)
	}
	_, err = e.CreateNetwork(t.Context(), spec)
	wants(t, err, engine.ErrConflict, n)
	list, err := e.Networks(t.Context(), "oatest="+n)
	if err != nil || len(list) != 1 || list[0].ID != made.ID {
		t.Errorf("%+v, %v", list, err)
	}
	if all, err := e.Overview(t.Context()); err != nil || len(all.Subnets[n]) != 1 || all.Subnets[n][0].String() != "10.213.57.0/24" {
		t.Errorf("%v, %v", all.Subnets, err)
	}
	_, err = e.Network(t.Context(), made.ID[:12])
	wants(t, err, engine.ErrNotFound) // a name, not the start of an id
	for range 2 {
		if err := e.RemoveNetwork(t.Context(), n); err != nil {
			t.Error(err)
		}
	}
	_, err = e.Network(t.Context(), n)
	wants(t, err, engine.ErrNotFound, n)
}

func TestVolumes(t *testing.T) {
	e := connect(t, engine.Options{})
	img := testImage(t, e)
	v := name()
	withVolume(t, e, v)
	id := create(t, e, engine.ContainerSpec{Config: engine.Config{Image: img.Ref, Cmd: []string{"write", "/data/new", strings.Repeat("x", 5000)}},
		Mounts: []engine.Mount{{Type: "volume", Source: v, Target: "/data"}}})
	wants(t, e.RemoveVolume(t.Context(), v), engine.ErrConflict, v)
	start(t, e, id)
	until(t, "written", func() bool { return inspect(t, e, id).State == "exited" })

	got, err := e.Volume(t.Context(), v)
	if err != nil || got.Driver != "local" || got.Labels["oatest.volume"] != v || got.Created.IsZero() || got.Mountpoint == "" {
		t.Errorf("%+v, %v", got, err)
	}
	list, err := e.Volumes(t.Context(), "oatest.volume="+v)
	if err != nil || len(list) != 1 {
		t.Errorf("%+v, %v", list, err)
	}
	sizes, err := e.VolumeBytes(t.Context())
	if err != nil || sizes[v] < 5000 {
		t.Errorf("%d bytes, %v", sizes[v], err)
	}
	seed, err := e.ReadFile(t.Context(), id, "/data/seed", 100)
	if err != nil || string(seed) != "from the image" {
		t.Errorf("a new volume is not filled from the image: %q, %v", seed, err)
	}
	if err := e.Remove(t.Context(), id); err != nil {
		t.Error(err)
	}
	if _, err := e.Volume(t.Context(), v); err != nil {
		t.Errorf("removing the container took the volume: %v", err)
	}
	_, err = e.Volume(t.Context(), name())
	wants(t, err, engine.ErrNotFound)
}

func TestImages(t *testing.T) {
	e := connect(t, engine.Options{})
	img := testImage(t, e)
	if img.Arch != e.Info().Arch || img.OS != "linux" || img.Size == 0 || img.Created.IsZero() ||
		img.Labels["oatest"] != img.Ref || len(img.Env) == 0 || img.Digest != "" {
		t.Errorf("%+v", img)
	}
	list, err := e.Images(t.Context(), "oatest="+img.Ref)
	if err != nil || len(list) != 1 || list[0].ID != img.ID || list[0].Ref != img.Ref {
		t.Errorf("%+v, %v", list, err)
	}
	_, err = e.Image(t.Context(), name()+":1")
	wants(t, err, engine.ErrImageNotFound)
	if err := e.RemoveImage(t.Context(), name()+":1"); err != nil {
		t.Error(err)
	}
	create(t, e, engine.ContainerSpec{Config: engine.Config{Image: img.Ref}})
	wants(t, e.RemoveImage(t.Context(), img.Ref), engine.ErrConflict, img.Ref)

	broken := errors.New("the disk we read from broke")
	_, err = e.Import(t.Context(), name()+":1", iotest.ErrReader(broken), nil)
	wants(t, err, broken)
}

func TestReadFile(t *testing.T) {
	e := connect(t, engine.Options{})
	id := create(t, e, engine.ContainerSpec{Config: engine.Config{Image: testImage(t, e).Ref}}) // never started
	for _, path := range []string{"/app/sample.env", "/app/rel", "/abs"} {
		data, err := e.ReadFile(t.Context(), id, path, 4)
		if err != nil || string(data) != "A=1\n" {
			t.Errorf("%s: %q, %v", path, data, err)
		}
	}
	_, err := e.ReadFile(t.Context(), id, "/app/none", 10)
	wants(t, err, engine.ErrNotFound, "/app/none")
	for path, want := range map[string]string{
		"/app/sample.env": "more than the 3", "/app": "not a file", "/loop": "too many", // the engine or we give up
	} {
		if _, err := e.ReadFile(t.Context(), id, path, 3); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func TestCopy(t *testing.T) {
	e := connect(t, engine.Options{})
	id := create(t, e, engine.ContainerSpec{Config: engine.Config{Image: testImage(t, e).Ref}})
	var in bytes.Buffer
	w := tar.NewWriter(&in)
	if err := w.WriteHeader(&tar.Header{Name: "x", Mode: 0o600, Uid: 1000, Gid: 1001, Size: 2}); err != nil {
		t.Fatal(err)
	}
	io.WriteString(w, "hi")
	w.Close()
	if err := e.CopyTo(t.Context(), id, "/app", &in); err != nil {
		t.Fatal(err)
	}
	out, err := e.CopyFrom(t.Context(), id, "/app/x")
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	header, err := tar.NewReader(out).Next()
	if err != nil || header.Uid != 1000 || header.Gid != 1001 || header.Mode&0o777 != 0o600 || header.Size != 2 {
		t.Errorf("%+v, %v", header, err)
	}
	wants(t, e.CopyTo(t.Context(), id, "/none", strings.NewReader("")), engine.ErrNotFound)
	_, err = e.CopyFrom(t.Context(), id, "/none")
	wants(t, err, engine.ErrNotFound)
	broken := errors.New("pipe broke")
	wants(t, e.CopyTo(t.Context(), id, "/app", iotest.ErrReader(broken)), broken)
}

func TestExec(t *testing.T) {
	e := connect(t, engine.Options{})
	id := create(t, e, engine.ContainerSpec{Config: engine.Config{Image: testImage(t, e).Ref}})
	_, err := e.Exec(t.Context(), id, []string{"/probe", "say", "a", "b"}, "")
	wants(t, err, engine.ErrConflict)
	start(t, e, id)
	r, err := e.Exec(t.Context(), id, []string{"/probe", "say", "out", "err"}, "1000")
	if err != nil || string(r.Stdout) != "out\nuid 1000\n" || string(r.Stderr) != "err\n" || r.ExitCode != 0 {
		t.Errorf("%+v, %v", r, err)
	}
	told := strings.Repeat("word\n", 100_000)
	r, err = e.ExecInput(t.Context(), id, []string{"/probe", "repeat"}, []byte(told))
	if err != nil || string(r.Stdout) != told || r.ExitCode != 0 {
		t.Errorf("%d bytes of %d, exit %d, %v", len(r.Stdout), len(told), r.ExitCode, err)
	}
	if r, err = e.ExecInput(t.Context(), id, []string{"/probe", "exit", "3"}, []byte(told)); err != nil || r.ExitCode != 3 {
		t.Errorf("it does not read: %+v, %v", r, err)
	}
	r, err = e.Exec(t.Context(), id, []string{"/probe", "exit", "3"}, "")
	if err != nil || r.ExitCode != 3 {
		t.Errorf("%+v, %v", r, err)
	}
	r, err = e.Exec(t.Context(), id, []string{"/probe", "flood", "3000000"}, "")
	if err != nil || len(r.Stdout) != 1<<20 {
		t.Errorf("%d bytes kept, %v", len(r.Stdout), err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if _, err = e.Exec(ctx, id, []string{"/probe", "serve"}, ""); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a command without end gave %v", err)
	}
	if r, err := e.Exec(t.Context(), id, []string{"/none"}, ""); err == nil && r.ExitCode == 0 {
		t.Error("a missing program ran")
	}
}

func TestLogs(t *testing.T) {
	e := connect(t, engine.Options{})
	img := testImage(t, e)
	id := create(t, e, engine.ContainerSpec{Config: engine.Config{Image: img.Ref, Cmd: []string{"say", "to out", "to err"}}})
	start(t, e, id)
	var out, errs bytes.Buffer
	if err := e.Logs(t.Context(), id, engine.LogOptions{Follow: true}, &out, &errs); err != nil {
		t.Fatal(err)
	}
	if out.String() != "to out\nuid 0\n" || errs.String() != "to err\n" {
		t.Errorf("out %q, err %q", out.String(), errs.String())
	}
	out.Reset() // both streams into one: which line came last is open
	err := e.Logs(t.Context(), id, engine.LogOptions{Tail: 1, Timestamps: true}, &out, &out)
	if err != nil || strings.Count(out.String(), "\n") != 1 || !strings.Contains(out.String(), "Z ") {
		t.Errorf("the last line is %q, %v", out.String(), err)
	}
	out.Reset()
	if err := e.Logs(t.Context(), id, engine.LogOptions{Since: time.Now().Add(time.Hour)}, &out, nil); err != nil || out.Len() != 0 {
		t.Errorf("since later: %q, %v", out.String(), err)
	}

	id = create(t, e, engine.ContainerSpec{Config: engine.Config{Image: img.Ref, Tty: true}})
	start(t, e, id)
	ctx, cancel := context.WithCancel(t.Context())
	if err := e.Logs(ctx, id, engine.LogOptions{Follow: true}, writerFunc(func(p []byte) {
		if bytes.Contains(p, []byte("ready to serve")) {
			cancel()
		}
	}), nil); !errors.Is(err, context.Canceled) {
		t.Errorf("following ended with %v", err)
	}
	wants(t, e.Logs(t.Context(), name(), engine.LogOptions{}, nil, nil), engine.ErrNotFound)
}

type writerFunc func([]byte)

func (f writerFunc) Write(p []byte) (int, error) { f(p); return len(p), nil }

func TestEvents(t *testing.T) {
	e := connect(t, engine.Options{})
	img := testImage(t, e)
	n := name()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	events, errs := e.Events(ctx, "oatest.events="+n)
	id := create(t, e, engine.ContainerSpec{Name: n, Config: engine.Config{Image: img.Ref, Cmd: []string{"exit", "0"}, Labels: map[string]string{"oatest.events": n}}})
	start(t, e, create(t, e, engine.ContainerSpec{Config: engine.Config{Image: img.Ref}})) // not ours to hear of
	start(t, e, id)
	var actions []string
	for len(actions) == 0 || actions[len(actions)-1] != "die" {
		select {
		case ev := <-events:
			if ev.ID != id || ev.Name != n || ev.Type != "container" || ev.Time.IsZero() {
				t.Fatalf("%+v", ev)
			}
			actions = append(actions, ev.Action)
		case err := <-errs:
			t.Fatal(err)
		case <-time.After(30 * time.Second):
			t.Fatalf("only %v", actions)
		}
	}
	if got := strings.Join(actions, " "); got != "create start die" {
		t.Errorf("heard %s", got)
	}
	cancel()
	if err := <-errs; !errors.Is(err, context.Canceled) {
		t.Errorf("ended with %v", err)
	}
	if _, open := <-events; open {
		t.Error("the channel is not closed")
	}
}

// Both words of Docker for the same thing: those before release 23, and those since.
func TestNoAddressesLeft(t *testing.T) {
	for _, said := range []string{
		"could not find an available, non-overlapping IPv4 address pool among the defaults to assign to the network",
		"all predefined address pools have been fully subnetted",
	} {
		path, _ := fake{api: "1.51", version: "28.5.2", routes: map[string]http.HandlerFunc{
			"POST /{v}/networks/create": func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(http.StatusInternalServerError)
				_, _ = io.WriteString(w, `{"message":"`+said+`"}`)
			},
		}}.socket(t, "")
		e, err := engine.Connect(t.Context(), engine.Options{Getenv: env("DOCKER_HOST", "unix://"+path)})
		if err != nil {
			t.Fatal(err)
		}
		_, err = e.CreateNetwork(t.Context(), engine.NetworkSpec{Name: "openalgo_default"})
		wants(t, err, engine.ErrNoAddresses, "openalgo_default", "docker network prune", "default-address-pools")
		_ = e.Close()
	}
}

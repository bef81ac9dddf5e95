// Package memory is an engine in memory, for tests of what is done with Docker.
// Its volumes are directories, so that data in them can be looked at. It takes
// every change in two halves, between which a test may end the caller.
package memory

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/engine/spec"
	"github.com/marketcalls/openalgo-install/internal/order"
)

// Engine is a Docker whose containers run nothing.
type Engine struct {
	*machine
	containerCalls
	thingCalls
	fileCalls
	lookCalls
	imageCalls
}

// What an engine is asked, by subject; all of it about the same machine.
type (
	containerCalls struct{ *machine }
	thingCalls     struct{ *machine }
	fileCalls      struct{ *machine }
)

// machine is what the engine has.
type machine struct {
	// Root is the directory with what containers and volumes hold.
	Root string
	// Facts is what Info returns.
	Facts engine.Info
	// Hook is called before and after the engine carries a change out. It may
	// panic: the change itself is not taken back, and a stop that was asked for is
	// carried out later, as Docker does for a client that is gone.
	Hook func(point string)
	// OnStart is called when a container starts.
	OnStart func(c engine.Container)
	// Says is what a container printed; nil is nothing.
	Says func(c engine.Container) string
	// Told is what each command was handed on its standard input.
	Told []string
	// Memory is what a container that runs uses, in bytes.
	Memory int64
	// NoFreeze is how often the engine refuses to freeze a container.
	NoFreeze int
	// Away is asked at every call whether the engine does not answer.
	Away func() bool

	containers map[string]*container
	volumes    map[string]engine.Volume
	networks   map[string]engine.Network
	images     map[string]engine.Image
	registry   map[string]engine.Image
	made       int
	clock      time.Time
}

type container struct {
	engine.Container
	spec engine.ContainerSpec
	// stopIn counts the calls until a stop is carried out that was asked for; 0 is
	// none.
	stopIn int
}

// stopAfter is how many calls of others a stop takes that nobody waits for.
const stopAfter = 4

// New returns an engine that keeps its volumes below root.
func New(root string) *Engine {
	m := &machine{
		Root: root, Facts: engine.Info{ID: "memory", Name: "host", Endpoint: "unix:///memory.sock", Local: true},
		containers: map[string]*container{}, volumes: map[string]engine.Volume{}, networks: map[string]engine.Network{}, images: map[string]engine.Image{}, registry: map[string]engine.Image{},
		clock: time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC),
	}
	return &Engine{machine: m, containerCalls: containerCalls{m}, thingCalls: thingCalls{m}, fileCalls: fileCalls{m}, lookCalls: lookCalls{m}, imageCalls: imageCalls{m}}
}

// AddImage makes an image known by a reference.
func (e *machine) AddImage(ref, id string) { e.images[ref] = engine.Image{ID: id, Ref: ref} }

func (e *machine) hook(point string) {
	if e.Hook != nil {
		e.Hook(point)
	}
}

// call begins a call of the engine: time goes on, and so do stops that were
// asked for.
func (e *machine) call() error {
	e.clock = e.clock.Add(time.Second)
	for _, c := range e.containers {
		if c.stopIn > 0 {
			if c.stopIn--; c.stopIn == 0 {
				c.end(e.clock)
			}
		}
	}
	if e.Away != nil && e.Away() {
		return engine.ErrUnreachable
	}
	return nil
}

func (c *container) end(now time.Time) {
	c.stopIn = 0
	if c.State == "running" || c.State == "paused" {
		c.State, c.FinishedAt = "exited", now
	}
}

// Info is what the engine says of itself.
func (e *machine) Info() engine.Info { return e.Facts }

// Ping reports whether the engine answers.
func (e *machine) Ping(context.Context) error { return e.call() }

// WaitReady is Ping.
func (e *machine) WaitReady(context.Context) error { return e.call() }

func (e *machine) find(nameOrID string) (*container, error) {
	if c := e.containers[nameOrID]; c != nil {
		return c, nil
	}
	for _, c := range e.containers {
		if c.Name == nameOrID {
			return c, nil
		}
	}
	return nil, fmt.Errorf("container %q: %w", nameOrID, engine.ErrNotFound)
}

// Container looks at one container.
func (e containerCalls) Container(_ context.Context, nameOrID string) (engine.Container, error) {
	if err := e.call(); err != nil {
		return engine.Container{}, err
	}
	c, err := e.find(nameOrID)
	if err != nil {
		return engine.Container{}, err
	}
	return c.Container, nil
}

// Containers looks at all containers that carry every label.
func (e containerCalls) Containers(_ context.Context, labels ...string) (out []engine.Container, err error) {
	if err := e.call(); err != nil {
		return nil, err
	}
	for _, c := range e.containers {
		if hasLabels(c.Labels, labels) {
			out = append(out, c.Container)
		}
	}
	order.By(out, func(a, b engine.Container) int { return cmp.Compare(a.Name, b.Name) })
	return out, nil
}

func hasLabels(have map[string]string, want []string) bool {
	for _, label := range want {
		key, value, full := strings.Cut(label, "=")
		got, ok := have[key]
		if !ok || full && got != value {
			return false
		}
	}
	return true
}

// Create creates a container and does not start it.
func (e containerCalls) Create(_ context.Context, s engine.ContainerSpec) (string, error) {
	if err := e.call(); err != nil {
		return "", err
	}
	if _, err := e.find(s.Name); err == nil && s.Name != "" {
		return "", fmt.Errorf("create container %s: %w", s.Name, engine.ErrConflict)
	}
	for _, n := range s.Networks {
		if _, ok := e.networks[n.Name]; !ok {
			return "", fmt.Errorf("create container %s: network %s: %w", s.Name, n.Name, engine.ErrNotFound)
		}
	}
	image, err := e.image(s.Image)
	if err != nil {
		return "", err
	}
	e.hook("create")
	c := &container{spec: s, Container: engine.Container{
		ID: e.id(), Name: s.Name, Image: s.Image, ImageID: image.ID, Labels: maps.Clone(s.Labels), State: "created",
		Created: e.clock, Ports: s.Ports, Env: s.Env, ShmBytes: s.Host.ShmSize, User: s.User, Restart: spec.RestartText(s.Host.RestartPolicy),
	}}
	for _, m := range s.Mounts {
		if m.Type == "volume" {
			v, err := e.makeVolume(engine.VolumeSpec{Name: m.Source})
			if err != nil {
				return "", err
			}
			m.Name, m.Source = v.Name, v.Mountpoint
		} else if _, err := os.Stat(m.Source); err != nil {
			return "", fmt.Errorf("create container %s: bind source path does not exist: %s", s.Name, m.Source)
		}
		c.Mounts = append(c.Mounts, m)
	}
	for _, n := range s.Networks {
		c.Networks = append(c.Networks, n.Name)
	}
	if c.Name == "" {
		c.Name = "unnamed-" + c.ID[:8]
	}
	e.containers[c.ID] = c
	e.hook("created")
	return c.ID, nil
}

func (e *machine) id() string {
	e.made++
	return fmt.Sprintf("%064x", e.made)
}

// CreateCopy creates a container like another one.
func (e containerCalls) CreateCopy(ctx context.Context, id, name string, changes engine.Changes) (string, error) {
	c, err := e.find(id)
	if err != nil {
		return "", err
	}
	s := c.spec
	s.Name, s.Labels, s.Env = name, maps.Clone(s.Labels), slices.Clone(s.Env)
	for key, value := range changes.Env {
		s.Env = append(s.Env, key+"="+value)
	}
	for label, value := range changes.Labels {
		s.Labels[label] = value
	}
	s.Host.ShmSize = cmp.Or(changes.ShmBytes, s.Host.ShmSize)
	return e.Create(ctx, s)
}

// Start starts a container; one that runs already is fine.
func (e containerCalls) Start(_ context.Context, id string) error {
	if err := e.call(); err != nil {
		return err
	}
	c, err := e.find(id)
	if err != nil || c.State == "running" {
		return err
	}
	if c.State == "paused" {
		c.State = "running"
		return nil
	}
	for _, other := range e.containers {
		if port := sharedPort(c, other); port != 0 && other != c && other.State == "running" {
			return fmt.Errorf("start container %s: port 127.0.0.1:%d is taken by another program: %w", c.Name, port, engine.ErrPortTaken)
		}
	}
	for _, m := range c.Mounts {
		if _, err := os.Stat(m.Source); err != nil {
			return fmt.Errorf("start container %s: bind source path does not exist: %s", c.Name, m.Source)
		}
	}
	e.hook("start")
	c.State, c.StartedAt, c.FinishedAt = "running", e.clock, time.Time{}
	switch {
	case len(c.spec.Entrypoint) > 0: // a helper, which ends at once
		if c.end(e.clock); c.spec.Host.AutoRemove {
			delete(e.containers, c.ID)
		}
	case e.OnStart != nil:
		e.OnStart(c.Container)
	}
	e.hook("started")
	return nil
}

// sharedPort is a port that both publish; 0 is none.
func sharedPort(a, b *container) int {
	for _, p := range a.Ports {
		if slices.ContainsFunc(b.Ports, func(q engine.PortBinding) bool { return p.HostPort == q.HostPort }) {
			return p.HostPort
		}
	}
	return 0
}

// Stop stops a container; one that is stopped already is fine.
func (e containerCalls) Stop(_ context.Context, id string, _ time.Duration) error {
	if err := e.call(); err != nil {
		return err
	}
	c, err := e.find(id)
	if err != nil || c.State != "running" && c.State != "paused" {
		return err
	}
	c.stopIn = stopAfter
	e.hook("stop")
	c.end(e.clock)
	e.hook("stopped")
	return nil
}

// Pause freezes a container.
func (e containerCalls) Pause(_ context.Context, id string) error {
	if err := e.call(); err != nil {
		return err
	}
	c, err := e.find(id)
	if err == nil && e.NoFreeze > 0 {
		e.NoFreeze--
		err = errors.New("unable to freeze")
	}
	if err == nil && c.State != "running" {
		err = fmt.Errorf("%s is %s: %w", c.Name, c.State, engine.ErrConflict)
	}
	if err != nil {
		return err
	}
	e.hook("pause")
	c.State = "paused"
	e.hook("paused")
	return nil
}

// Unpause thaws a container.
func (e containerCalls) Unpause(_ context.Context, id string) error {
	if err := e.call(); err != nil {
		return err
	}
	c, err := e.find(id)
	if err == nil && c.State != "paused" {
		err = fmt.Errorf("%s is %s: %w", c.Name, c.State, engine.ErrNotPaused)
	}
	if err != nil {
		return err
	}
	e.hook("unpause")
	c.State = "running"
	e.hook("unpaused")
	return nil
}

// Rename gives a container another name.
func (e containerCalls) Rename(_ context.Context, id, name string) error {
	if err := e.call(); err != nil {
		return err
	}
	c, err := e.find(id)
	if err != nil {
		return err
	}
	if other, err := e.find(name); err == nil && other != c {
		return fmt.Errorf("rename container to %s: %w", name, engine.ErrConflict)
	}
	e.hook("rename")
	c.Name = name
	e.hook("renamed")
	return nil
}

// Remove removes a container; one that is not there is fine.
func (e containerCalls) Remove(_ context.Context, id string) error {
	if err := e.call(); err != nil {
		return err
	}
	c, err := e.find(id)
	if err != nil {
		return nil //nolint:nilerr // it is gone
	}
	e.hook("remove")
	delete(e.containers, c.ID)
	_ = os.RemoveAll(e.layer(c.ID))
	e.hook("removed")
	return nil
}

// layer is the directory with what a container holds beside its mounts.
func (e *machine) layer(id string) string { return filepath.Join(e.Root, "containers", id) }

// inside is where a path of a container is on this machine.
func (e *machine) inside(c *container, path string) string {
	for _, m := range c.Mounts {
		if rest, ok := strings.CutPrefix(path, m.Target); ok && (rest == "" || rest[0] == '/') {
			return m.Source + rest
		}
	}
	return filepath.Join(e.layer(c.ID), path)
}

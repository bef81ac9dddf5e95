package run

import (
	"context"
	"encoding/json"
	"io"
	"slices"
	"time"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/instance"
)

// Engine is what steps use of Docker.
type Engine interface {
	Info() engine.Info
	Ping(ctx context.Context) error
	WaitReady(ctx context.Context) error

	Container(ctx context.Context, nameOrID string) (engine.Container, error)
	Containers(ctx context.Context, labels ...string) ([]engine.Container, error)
	Create(ctx context.Context, s engine.ContainerSpec) (id string, err error)
	CreateCopy(ctx context.Context, id, name string, c engine.Changes) (string, error)
	Start(ctx context.Context, id string) error
	Stop(ctx context.Context, id string, grace time.Duration) error
	Rename(ctx context.Context, id, name string) error
	Remove(ctx context.Context, id string) error
	CopyFrom(ctx context.Context, id, path string) (io.ReadCloser, error)
	CopyTo(ctx context.Context, id, dir string, tar io.Reader) error
	Logs(ctx context.Context, id string, o engine.LogOptions, stdout, stderr io.Writer) error
	ReadFile(ctx context.Context, id, name string, max int64) ([]byte, error)

	Image(ctx context.Context, ref string) (engine.Image, error)
	Volume(ctx context.Context, name string) (engine.Volume, error)
	Volumes(ctx context.Context, labels ...string) ([]engine.Volume, error)
	CreateVolume(ctx context.Context, s engine.VolumeSpec) (engine.Volume, error)
	RemoveVolume(ctx context.Context, name string) error
	Network(ctx context.Context, name string) (engine.Network, error)
	CreateNetwork(ctx context.Context, s engine.NetworkSpec) (engine.Network, error)
	RemoveNetwork(ctx context.Context, name string) error
}

// App is what steps ask of OpenAlgo itself.
type App interface {
	// Ready waits until OpenAlgo is ready in a container, or certainly fails. It
	// reports whether OpenAlgo still waits for its first account. setupDone says
	// that there was one; before, that this is the previous container.
	Ready(ctx context.Context, container string, setupDone, before bool) (needsSetup bool, err error)
	// Serves checks the rest of a new container: stored secrets, HTTPS, and the
	// endpoints that the answers ask for. resumed says that a run before started it.
	Serves(ctx context.Context, v Verification, resumed bool) error
	// Remember writes down what a finished run leaves. needsSetup says that
	// OpenAlgo waits for its first account; nil: nobody asked it.
	Remember(ctx context.Context, state json.RawMessage, needsSetup *bool) error
	// Remain notes that an undone first install leaves its encryption keys.
	Remain(ctx context.Context, project string)
	// Front opens what serves HTTPS.
	Front(ctx context.Context, site Site) (Front, error)
	// RemoveLeftovers moves away what another installer left, as far as it is there.
	RemoveLeftovers(ctx context.Context, l Leftovers) error
	// EndDaily ends the daily backup, if there is one.
	EndDaily(ctx context.Context) error
	// DropImages removes the tags of a project's images, and images of the test app.
	DropImages(ctx context.Context, project string, tests []string)
}

// Leftovers are files that another installer left on this machine for an instance,
// and what they were recognised by.
type Leftovers struct {
	Domain string   `json:"domain,omitempty"`
	Web    int      `json:"web,omitempty"`
	Paths  []string `json:"paths"`
}

// Verification is what App.Serves checks.
type Verification struct {
	Container string
	SetupDone bool
	Site      Site
	// Secrets are those that opened before a change of the release.
	Secrets *Secrets
	// Resalts says that the new release makes a FERNET_SALT when it starts.
	Resalts bool
}

// Secrets is how many stored secrets open with the keys in force, and how many
// do not.
type Secrets struct {
	Open int `json:"open"`
	Shut int `json:"shut"`
	// Unknown says that they could not be counted.
	Unknown bool `json:"unknown,omitempty"`
}

// Site is how an instance is served over HTTPS; none where Kind is "".
type Site = instance.Edge

// Front is what serves HTTPS: it reads its files again.
type Front interface {
	Apply(ctx context.Context) error
}

// Tools are what steps work with.
type Tools struct {
	Engine Engine
	App    App
	Dir    string // the instance's directory, absolute
	Report event.Reporter
	// UndoLimit is how long the undo of one step may take.
	UndoLimit time.Duration
	// EvenBroken says that what ran before need not answer: the command is what
	// repairs it.
	EvenBroken bool
	// Hook is called at every point where a process may end; for tests.
	Hook func(point string)

	journal *Journal
}

// Work is a path below the instance's own directory for this program.
func (t *Tools) Work(name string) string { return instance.Dir(t.Dir).Work(name) }

// Save writes the journal, with what a step has learned.
func (t *Tools) Save() error { return t.journal.save() }

// Keep is Save for an undo: the disk may be full, and each step shows by itself
// how far it is.
func (t *Tools) Keep() { _ = t.journal.save() }

// Steps are all steps of the run, in order.
func (t *Tools) Steps() []Step { return stepsOf(t.journal.Steps) }

// Begun are the steps that began, in order. No undo changes which they are.
func (t *Tools) Begun() []Step {
	return stepsOf(slices.DeleteFunc(slices.Clone(t.journal.Steps), func(e *Entry) bool { return e.State == "" }))
}

func stepsOf(entries []*Entry) (out []Step) {
	for _, e := range entries {
		out = append(out, e.step)
	}
	return out
}

// Find returns the first of some steps that is of one type, or nil.
func Find[T Step](steps []Step) (found T) {
	for _, s := range steps {
		if found, ok := s.(T); ok {
			return found
		}
	}
	return found
}

// All returns those of some steps that are of one type.
func All[T Step](steps []Step) (out []T) {
	for _, s := range steps {
		if found, ok := s.(T); ok {
			out = append(out, found)
		}
	}
	return out
}

// Started is when the run began.
func (t *Tools) Started() time.Time { return t.journal.Started }

// Resumed reports whether an earlier process began the run.
func (t *Tools) Resumed() bool { return t.journal.resumed }

// LastSaved is when an earlier process wrote the journal last; zero when this one
// began the run.
func (t *Tools) LastSaved() time.Time { return t.journal.saved }

// Note tells something that is worth saying.
func (t *Tools) Note(message string) {
	t.Report.Report(event.Event{Type: event.TypeNote, Time: time.Now(), Message: message})
}

// Point is where tests end the process.
func (t *Tools) Point(name string) {
	t.hook(name)
	Failpoint(name)
}

func (t *Tools) hook(name string) {
	if t.Hook != nil {
		t.Hook(name)
	}
}

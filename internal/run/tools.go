package run

import (
	"context"
	"encoding/json"
	"io"
	"time"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/instance"
)

// Step is one thing that a run changes: one file, one volume, one container. It
// is a pointer to a struct, and its exported fields are its record in the
// journal.
//
//   - Do may be called again after it was cut off anywhere, and Undo after a Do
//     that was cut off anywhere.
//   - Undo needs no space on the disk.
//   - What a Do learns it stores in the step, and calls Tools.Save before it acts
//     on it.
//   - The content of files stays out of the journal: after a kill only Undo is
//     called, which needs hashes and kept copies alone.
type Step interface {
	// String says what the step does, for people: "stop openalgo-web".
	String() string
	Do(ctx context.Context, t *Tools) error
	Undo(ctx context.Context, t *Tools) error
	// Check refuses what no run wrote, in a step that was read from the disk:
	// root follows its paths.
	Check() error
}

// Engine is what steps use of Docker.
type Engine interface {
	containers
	contents
	volumes
	networks

	Info() engine.Info
	Ping(ctx context.Context) error
	WaitReady(ctx context.Context) error
	Image(ctx context.Context, ref string) (engine.Image, error)
	RemoveImage(ctx context.Context, ref string) error
}

type containers interface {
	Container(ctx context.Context, nameOrID string) (engine.Container, error)
	Containers(ctx context.Context, labels ...string) ([]engine.Container, error)
	Create(ctx context.Context, s engine.ContainerSpec) (id string, err error)
	CreateCopy(ctx context.Context, id, name string, c engine.Changes) (string, error)
	Start(ctx context.Context, id string) error
	Stop(ctx context.Context, id string, grace time.Duration) error
	Pause(ctx context.Context, id string) error
	Unpause(ctx context.Context, id string) error
	Rename(ctx context.Context, id, name string) error
	Remove(ctx context.Context, id string) error
}

// contents is what is in a container, and what it says.
type contents interface {
	CopyFrom(ctx context.Context, id, path string) (io.ReadCloser, error)
	CopyTo(ctx context.Context, id, dir string, tar io.Reader) error
	Logs(ctx context.Context, id string, o engine.LogOptions, stdout, stderr io.Writer) error
	ReadFile(ctx context.Context, id, name string, max int64) ([]byte, error)
}

type volumes interface {
	Volume(ctx context.Context, name string) (engine.Volume, error)
	Volumes(ctx context.Context, labels ...string) ([]engine.Volume, error)
	CreateVolume(ctx context.Context, s engine.VolumeSpec) (engine.Volume, error)
	RemoveVolume(ctx context.Context, name string) error
}

type networks interface {
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
	// Asks asks OpenAlgo in a container once, as Ready does.
	Asks(ctx context.Context, container string) (needsSetup bool, err error)
	// CountSecrets counts the stored secrets that open with the keys in force.
	CountSecrets(ctx context.Context, container string) (Secrets, error)
	// Serves checks the rest of a new container: stored secrets, HTTPS, and the
	// endpoints that the answers ask for. resumed says that a run before started it.
	Serves(ctx context.Context, v Verification, resumed bool) error
	// Remember writes down what a finished run leaves. needsSetup says that
	// OpenAlgo waits for its first account; nil: nobody asked it.
	Remember(ctx context.Context, state json.RawMessage, needsSetup *bool) error
	// Remain notes that an undone first install leaves its encryption keys.
	Remain(ctx context.Context, project, image string)
	// Front opens what serves HTTPS.
	Front(ctx context.Context, site instance.Edge) (Front, error)
	// Swap is the swap file of this machine.
	Swap() Swap
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
	Site      instance.Edge
	// Secrets are those that opened before a change of the release.
	Secrets *Secrets
	// Resalts says that the new release makes a FERNET_SALT when it starts.
	Resalts bool
	// MCP says that the endpoints of remote MCP are asked for, too.
	MCP bool
}

// Secrets is how many stored secrets open with the keys in force, and how many
// do not.
type Secrets struct {
	Open int `json:"open"`
	Shut int `json:"shut"`
	// Unknown says that they could not be counted.
	Unknown bool `json:"unknown,omitempty"`
}

// Front is what serves HTTPS: it reads its files again.
type Front interface {
	Apply(ctx context.Context) error
}

// Swap is a swap file. Each call may be made again after it was cut off.
type Swap interface {
	Exists() (bool, error)
	Allocate(ctx context.Context, mib int) error
	On() error
	Off() error
	// Enter has it used after a restart, too.
	Enter() error
	// Remove removes what is switched off.
	Remove() error
}

// Tools are what steps work with.
type Tools struct {
	Engine Engine
	App    App
	Dir    instance.Dir
	Report event.Reporter
	// UndoLimit is how long the undo of one step may take.
	UndoLimit time.Duration
	// EvenBroken says that what ran before need not answer: the command is what
	// repairs it.
	EvenBroken bool
	// Now is the clock; nil is that of the machine.
	Now func() time.Time
	// Hook is called at every point where a process may end; for tests.
	Hook func(point string)

	journal record
}

// record is what steps may know of their run.
type record interface {
	save() error
	steps() []Step
	begun() []Step
	began() (started time.Time, resumed bool, saved time.Time)
}

// Work is a path below the instance's own directory for this program.
func (t *Tools) Work(name string) string { return t.Dir.Work(name) }

// Save writes the journal, with what a step has learned.
func (t *Tools) Save() error { return t.journal.save() }

// Keep is Save for an undo: the disk may be full, and each step shows by itself
// how far it is.
func (t *Tools) Keep() { _ = t.journal.save() }

// Steps are all steps of the run, in order.
func (t *Tools) Steps() []Step { return t.journal.steps() }

// Begun are the steps that began, in order. No undo changes which they are.
func (t *Tools) Begun() []Step { return t.journal.begun() }

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
func (t *Tools) Started() time.Time {
	started, _, _ := t.journal.began()
	return started
}

// Resumed reports whether an earlier process began the run.
func (t *Tools) Resumed() bool {
	_, resumed, _ := t.journal.began()
	return resumed
}

// LastSaved is when an earlier process wrote the journal last; zero when this one
// began the run.
func (t *Tools) LastSaved() time.Time {
	_, _, saved := t.journal.began()
	return saved
}

// Note tells something that is worth saying.
func (t *Tools) Note(message string) {
	t.Report.Report(event.Event{Type: event.TypeNote, Time: t.Time(), Message: message})
}

// Time is what the clock says.
func (t *Tools) Time() time.Time {
	if t.Now == nil {
		return time.Now()
	}
	return t.Now()
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

// Begin tells that something begins that people see as one; ended tells how that
// ended. Without a name nothing is told.
func (t *Tools) Begin(name, title string) (ended func(error)) {
	if name == "" {
		return func(error) {}
	}
	began := t.Time()
	t.Report.Report(event.Event{Type: event.TypeStep, Time: began, Step: name, State: event.Started, Message: title})
	return func(err error) {
		state := event.Done
		if err != nil {
			state = event.Failed
		}
		t.Report.Report(event.Event{Type: event.TypeStep, Time: t.Time(), Step: name, State: state, Seconds: t.Time().Sub(began).Seconds()})
	}
}

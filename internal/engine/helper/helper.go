// Package helper runs small containers that read or own files for an instance,
// and are gone after that. What a killed process left is removed by the next.
package helper

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/host"
	"github.com/marketcalls/openalgo-install/internal/wait"
)

// Labels mark a helper container.
const (
	Label = "io.openalgo.install.probe"         // the instance's directory
	Owner = "io.openalgo.install.probe.process" // the process that uses it
)

// Time is how long a helper may take that does one small thing.
const Time = 2 * time.Minute

const (
	poll = 500 * time.Millisecond
	// oldAge is longer than any run needs such a container.
	oldAge = 10 * time.Minute
	// mostOutput bounds what a helper may print, in bytes.
	mostOutput = 16 << 20
)

// Docker is what helpers need of the engine.
type Docker interface {
	Create(context.Context, engine.ContainerSpec) (string, error)
	Start(ctx context.Context, id string) error
	Container(ctx context.Context, id string) (engine.Container, error)
	Containers(ctx context.Context, labels ...string) ([]engine.Container, error)
	Logs(ctx context.Context, id string, o engine.LogOptions, stdout, stderr io.Writer) error
	Remove(ctx context.Context, id string) error
}

// Labels returns those of a helper of this process for the instance in dir.
func Labels(dir string) map[string]string {
	name, _ := os.Hostname()
	return map[string]string{Label: dir, Owner: fmt.Sprintf("%d@%s", os.Getpid(), name)}
}

// Run runs a helper to its end, at most for a time, and returns what it printed.
// It is removed however that goes, also when ctx has ended.
func Run(ctx context.Context, d Docker, dir string, spec engine.ContainerSpec, limit time.Duration) (engine.ExecResult, error) {
	var out engine.ExecResult
	spec.Host.LogConfig.Type, spec.Host.LogConfig.Config = "json-file", nil // its output is read, whatever Docker's default is
	err := With(ctx, d, dir, spec, func(id string) error {
		if err := d.Start(ctx, id); err != nil {
			return err
		}
		c, err := ended(ctx, d, id, limit)
		if err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(ctx, Time)
		defer cancel()
		var stdout, stderr bytes.Buffer
		if err := d.Logs(ctx, id, engine.LogOptions{}, &bounded{to: &stdout}, &bounded{to: &stderr}); err != nil {
			return err
		}
		out = engine.ExecResult{ExitCode: c.ExitCode, Stdout: stdout.Bytes(), Stderr: stderr.Bytes()}
		return nil
	})
	return out, err
}

// With creates a helper and removes it after do. One that is not started still
// shows the files of its image and mounts.
func With(ctx context.Context, d Docker, dir string, spec engine.ContainerSpec, do func(id string) error) error {
	id, discard, err := Create(ctx, d, dir, spec)
	if err != nil {
		return err
	}
	defer discard()
	return do(id)
}

// Create creates a helper, and returns how to remove it. A Ctrl+C does not end the
// request: Docker would create one that nobody knows of.
func Create(ctx context.Context, d Docker, dir string, spec engine.ContainerSpec) (id string, discard func(), err error) {
	spec.Labels = Labels(dir)
	if id, err = d.Create(context.WithoutCancel(ctx), spec); err != nil {
		return "", nil, err
	}
	discard = func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), Time)
		defer cancel()
		_ = d.Remove(ctx, id)
	}
	if err := ctx.Err(); err != nil {
		discard()
		return "", nil, err
	}
	return id, discard, nil
}

// ended waits until a helper has ended, and returns it.
func ended(ctx context.Context, d Docker, id string, limit time.Duration) (c engine.Container, err error) {
	over := wait.Until(ctx, limit, poll, func(ctx context.Context) (bool, error) {
		c, err = d.Container(ctx, id)
		return c.State == "exited" || c.State == "dead", err
	})
	if wait.IsOver(over) && ctx.Err() == nil {
		return c, fmt.Errorf("it did not end within %s", limit)
	}
	return c, over
}

// RemoveLeft removes the helpers of processes that have ended. A run that only
// looks has one without the lock, so its process must be gone.
func RemoveLeft(ctx context.Context, d Docker, dir string) {
	all, err := d.Containers(ctx, Label+"="+dir)
	if err != nil {
		return
	}
	for _, c := range all {
		if isLeft(c) {
			_ = d.Remove(ctx, c.ID)
		}
	}
}

func isLeft(c engine.Container) bool {
	name, _ := os.Hostname()
	pid, on, known := strings.Cut(c.Labels[Owner], "@")
	own := pid == strconv.Itoa(os.Getpid())
	return !known || time.Since(c.Created) > oldAge || on == name && (own || !host.ProcessRuns(pid))
}

// bounded refuses to write more than mostOutput.
type bounded struct{ to *bytes.Buffer }

func (b *bounded) Write(p []byte) (int, error) {
	if b.to.Len()+len(p) > mostOutput {
		return 0, errors.New("a helper container prints without end")
	}
	return b.to.Write(p)
}

package helper

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/marketcalls/openalgo-install/internal/engine"
)

// docker has one container in a state.
type docker struct {
	Docker
	state   string
	print   string
	made    engine.ContainerSpec
	others  []engine.Container
	removed []string
	cut     func() // called while a container is created
}

func (d *docker) Create(ctx context.Context, spec engine.ContainerSpec) (string, error) {
	d.made = spec
	if d.cut != nil {
		d.cut()
	}
	if err := ctx.Err(); err != nil {
		return "", err
	}
	return "a", nil
}
func (d *docker) Start(context.Context, string) error { return nil }
func (d *docker) Container(context.Context, string) (engine.Container, error) {
	return engine.Container{State: d.state, ExitCode: 7}, nil
}

func (d *docker) Containers(context.Context, ...string) ([]engine.Container, error) {
	return d.others, nil
}

func (d *docker) Logs(_ context.Context, _ string, _ engine.LogOptions, stdout, _ io.Writer) error {
	_, err := io.WriteString(stdout, d.print)
	return err
}

func (d *docker) Remove(_ context.Context, id string) error {
	d.removed = append(d.removed, id)
	return nil
}

func TestRun(t *testing.T) {
	t.Parallel()
	d := &docker{state: "exited", print: "hello"}
	out, err := Run(t.Context(), d, "/opt/openalgo", engine.ContainerSpec{Config: engine.Config{Image: "x"}}, time.Hour)
	if err != nil || out.ExitCode != 7 || string(out.Stdout) != "hello" {
		t.Errorf("%+v, %v", out, err)
	}
	if d.made.Labels[Label] != "/opt/openalgo" || d.made.Host.LogConfig.Type != "json-file" || fmt.Sprint(d.removed) != "[a]" {
		t.Errorf("%+v, removed %v", d.made, d.removed)
	}
	d.print = strings.Repeat("x", mostOutput+1)
	if _, err := Run(t.Context(), d, "/opt/openalgo", engine.ContainerSpec{}, time.Hour); err == nil {
		t.Error("output without end is taken")
	}
}

// A helper that does not end, as a python3 that hangs, is given up and removed.
func TestHelperThatDoesNotEnd(t *testing.T) {
	t.Parallel()
	d := &docker{state: "running"}
	if _, err := Run(t.Context(), d, "/x", engine.ContainerSpec{}, 50*time.Millisecond); err == nil || !strings.Contains(err.Error(), "did not end") {
		t.Errorf("%v, want that it did not end", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Run(ctx, d, "/x", engine.ContainerSpec{}, time.Hour); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want Canceled", err)
	}
	if len(d.removed) != 2 {
		t.Errorf("removed %v", d.removed)
	}
}

// deadPID is above every process that the kernel numbers.
const deadPID = "4194305"

func TestHelpersOfOthersStay(t *testing.T) {
	t.Parallel()
	host, _ := os.Hostname()
	left := func(owner string, age time.Duration) engine.Container {
		return engine.Container{ID: "a", Created: time.Now().Add(-age), Labels: map[string]string{Owner: owner}}
	}
	for name, c := range map[string]struct {
		helper engine.Container
		left   bool
	}{
		"a run that goes on":       {left(fmt.Sprintf("%d@%s", os.Getppid(), host), 0), false},
		"another machine":          {left(deadPID+"@elsewhere", 0), false},
		"a killed run":             {left(deadPID+"@"+host, 0), true},
		"our own":                  {left(fmt.Sprintf("%d@%s", os.Getpid(), host), 0), true},
		"another machine, long":    {left(deadPID+"@elsewhere", time.Hour), true},
		"of an earlier version":    {engine.Container{ID: "a", Created: time.Now()}, true},
		"a number that runs again": {left(fmt.Sprintf("%d@%s", os.Getppid(), host), time.Hour), true},
	} {
		d := &docker{others: []engine.Container{c.helper}}
		RemoveLeft(t.Context(), d, "/x")
		if (len(d.removed) == 1) != c.left {
			t.Errorf("%s: %v", name, !c.left)
		}
	}
}

// A run that is cut off while Docker creates a helper removes it.
func TestHelperIsRemovedAtCtrlC(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	d := &docker{cut: cancel}
	err := With(ctx, d, "/x", engine.ContainerSpec{}, func(string) error {
		t.Error("it goes on")
		return nil
	})
	if !errors.Is(err, context.Canceled) || fmt.Sprint(d.removed) != "[a]" {
		t.Errorf("%v, removed %v", err, d.removed)
	}
}

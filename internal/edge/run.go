package edge

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/marketcalls/openalgo-install/internal/compose"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/wait"
)

const (
	// startTime is how long a Caddy may take to read its files and answer.
	startTime = 30 * time.Second
	pollEvery = 200 * time.Millisecond
	// lockTime is how long another run may hold the HTTPS proxy: twice the start
	// and the stop of a Caddy, and some.
	lockTime = 3 * time.Minute
	// stopGrace lets requests that are under way end.
	stopGrace = 20 * time.Second
)

// Apply makes the edge what its files say: a container that is missing is
// made, one that differs is recreated, one that runs reads its files again without
// dropping a connection. It may be repeated. With no site left the container
// goes; its volumes, with the certificates, stay.
func (c caddyRun) Apply(ctx context.Context) error {
	unlock, err := c.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	if err := c.tidy(ctx); err != nil {
		return err
	}
	if err := c.complete(); err != nil {
		return err
	}
	if err := c.look(ctx); err != nil {
		return err
	}
	switch {
	case c.sites() == 0:
		return c.down(ctx)
	case c.container == nil:
		return c.first(ctx)
	case c.differs():
		return c.replace(ctx)
	case c.container.State != "running":
		return c.start(ctx, c.container.ID)
	}
	return c.reload(ctx, c.container.ID)
}

// complete writes what all sites have in common where it is gone: a run that
// was undone meanwhile may have been alone with it.
func (c caddyRun) complete() error {
	for _, f := range []File{c.compose, c.caddyfile} {
		now, err := readOptional(f.Path)
		if err == nil && now == nil && c.sites() > 0 {
			err = Place(f)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Forget removes what all sites have in common, once there is none any more.
func (c caddyRun) Forget(ctx context.Context) error {
	unlock, err := c.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	if c.sites() > 0 {
		return nil
	}
	for _, f := range []File{c.compose, c.caddyfile} {
		f.Text = nil
		if err := Place(f); err != nil {
			return err
		}
	}
	return nil
}

// lock keeps two runs from changing the edge at once.
func (c caddyRun) lock(ctx context.Context) (unlock func(), err error) {
	if err := os.MkdirAll(c.Dir, 0o755); err != nil {
		return nil, fmt.Errorf("making %s: %w", c.Dir, err)
	}
	file, err := os.OpenFile(filepath.Join(c.Dir, ".lock"), os.O_CREATE|os.O_RDWR|syscall.O_CLOEXEC, 0o600)
	if err != nil {
		return nil, fmt.Errorf("locking the HTTPS proxy: %w", err)
	}
	err = wait.Until(ctx, lockTime, pollEvery, func(context.Context) (bool, error) {
		return instance.Flock(file)
	})
	switch {
	case err == nil:
		return func() { instance.Funlock(file) }, nil
	case wait.IsOver(err):
		err = fmt.Errorf("another run has been changing the HTTPS proxy in %s for %s", c.Dir, lockTime)
	default:
		err = fmt.Errorf("locking the HTTPS proxy in %s: %w", c.Dir, err)
	}
	file.Close()
	return nil, err
}

// previousSuffix is what the container that is replaced is called meanwhile.
const previousSuffix = "-former"

// tidy ends what a killed run left of a replacement: the previous one is good.
func (c caddyRun) tidy(ctx context.Context) error {
	previous, err := c.engine.Container(ctx, c.Name()+previousSuffix)
	if errors.Is(err, engine.ErrNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look for the HTTPS proxy: %w", err)
	}
	if previous.Labels[compose.LabelProject] != c.stack.Project {
		return nil
	}
	if err := c.engine.Remove(ctx, c.Name()); err != nil && !errors.Is(err, engine.ErrNotFound) {
		return fmt.Errorf("removing the HTTPS proxy that was not finished: %w", err)
	}
	if err := c.engine.Rename(ctx, previous.ID, c.Name()); err != nil {
		return fmt.Errorf("bringing the previous HTTPS proxy back: %w", err)
	}
	return nil
}

func (c caddyRun) first(ctx context.Context) error {
	id, err := c.create(ctx)
	if err != nil {
		return err
	}
	if err := c.start(ctx, id); err != nil {
		_ = c.engine.Remove(context.WithoutCancel(ctx), id)
		return err
	}
	return nil
}

// replace swaps the container. Both need the same ports, so there is a moment
// without an edge; when the new one does not come up, the previous one does.
func (c caddyRun) replace(ctx context.Context) error {
	previous := c.container.ID
	steady := context.WithoutCancel(ctx)
	if err := c.engine.Rename(steady, previous, c.Name()+previousSuffix); err != nil {
		return fmt.Errorf("making room for the new HTTPS proxy: %w", err)
	}
	id, err := c.create(steady)
	if err == nil {
		if err = c.engine.Stop(steady, previous, stopGrace); err == nil {
			err = c.start(ctx, id)
		}
	}
	if err == nil {
		return c.engine.Remove(steady, previous)
	}
	back := c.tidy(steady)
	if back == nil {
		back = c.engine.Start(steady, previous)
	}
	return errors.Join(err, back)
}

func (c caddyRun) create(ctx context.Context) (string, error) {
	image, err := c.engine.Image(ctx, c.Image)
	if err != nil {
		return "", fmt.Errorf("looking for the image of the HTTPS proxy: %w", err)
	}
	for _, v := range c.stack.Volumes {
		if _, err := c.engine.Volume(ctx, v.Spec.Name); err == nil || v.External {
			continue
		}
		v.Spec.Labels = maps.Clone(v.Spec.Labels)
		if _, err := c.engine.CreateVolume(ctx, v.Spec); err != nil {
			return "", fmt.Errorf("making the volume %s: %w", v.Spec.Name, err)
		}
	}
	// A directory that is missing when the container starts, Docker would make.
	if err := os.MkdirAll(filepath.Join(c.Dir, "caddy", "sites"), 0o755); err != nil {
		return "", fmt.Errorf("making %s: %w", c.Dir, err)
	}
	id, err := c.engine.Create(context.WithoutCancel(ctx), c.stack.Spec(image.ID))
	if err != nil {
		return "", fmt.Errorf("creating the HTTPS proxy: %w", err)
	}
	return id, nil
}

// start starts the container and waits until Caddy has read its files.
func (c caddyRun) start(ctx context.Context, id string) error {
	if err := c.engine.Start(ctx, id); err != nil {
		return fmt.Errorf("starting the HTTPS proxy: %w", err)
	}
	began := time.Now()
	var last error
	err := wait.Until(ctx, startTime, pollEvery, func(ctx context.Context) (bool, error) {
		state, err := c.engine.Container(ctx, id)
		switch {
		case err != nil:
			return false, fmt.Errorf("looking at the HTTPS proxy: %w", err)
		case state.State == "created":
			return false, nil
		case state.State != "running" || state.RestartCount > 0:
			return false, &ConfigError{Reason: "Caddy exits right after its start: " + c.lastError(ctx, id, began)}
		}
		// The admin socket is there once the files were read.
		last = c.reload(ctx, id)
		var bad *ConfigError
		if errors.As(last, &bad) {
			return false, bad
		}
		return last == nil, nil
	})
	if wait.IsOver(err) {
		return fmt.Errorf("the HTTPS proxy did not start within %s: %w", startTime, errors.Join(last, err))
	}
	return err
}

// ConfigError is a Caddy that does not take its files, or cannot listen.
type ConfigError struct{ Reason string }

func (e *ConfigError) Error() string { return e.Reason }

var reloadCommand = []string{"caddy", "reload", "--force", "--config", caddyDir + "/Caddyfile", "--adapter", "caddyfile",
	"--address", "unix//run/caddy/admin.sock"}

// reload makes Caddy read its files again. What is wrong with them it says
// before anything changes; the previous ones stay in force then.
func (c caddyRun) reload(ctx context.Context, id string) error {
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	result, err := c.engine.Exec(ctx, id, reloadCommand, "")
	if err != nil {
		return fmt.Errorf("telling the HTTPS proxy to read its files: %w", err)
	}
	if result.ExitCode == 0 {
		return nil
	}
	reason := reloadReason(append(result.Stderr, result.Stdout...))
	if reason == "" {
		reason = fmt.Sprintf("caddy reload ended with status %d", result.ExitCode)
	}
	if strings.Contains(reason, "dial unix") {
		return fmt.Errorf("the HTTPS proxy does not answer yet: %s", reason)
	}
	return &ConfigError{Reason: "Caddy rejects its files: " + reason}
}

// reloadReason is the line of Caddy's own error.
func reloadReason(stderr []byte) string {
	text := string(bytes.TrimSpace(stderr))
	if i := strings.LastIndex(text, "Error: "); i >= 0 {
		text = text[i+len("Error: "):]
	}
	return strings.Join(strings.Fields(text), " ")
}

// lastError is the last error line of Caddy's log.
func (c caddyRun) lastError(ctx context.Context, id string, since time.Time) string {
	var log bytes.Buffer
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), startTime)
	defer cancel()
	_ = c.engine.Logs(ctx, id, engine.LogOptions{Since: since.Add(-time.Second), Tail: 50}, &log, &log)
	last := "docker logs " + c.Name() + " may tell why"
	for line := range strings.Lines(log.String()) {
		if strings.HasPrefix(line, "Error: ") {
			last = strings.TrimSpace(strings.TrimPrefix(line, "Error: "))
		}
	}
	return last
}

// down takes the container away.
func (c caddyRun) down(ctx context.Context) error {
	if c.container == nil {
		return nil
	}
	if err := c.engine.Stop(ctx, c.container.ID, stopGrace); err != nil {
		return fmt.Errorf("stopping the HTTPS proxy: %w", err)
	}
	if err := c.engine.Remove(ctx, c.container.ID); err != nil {
		return fmt.Errorf("removing the HTTPS proxy: %w", err)
	}
	return nil
}

// Purge takes the edge away with its volumes and files, when no site is left.
func (c caddyRun) Purge(ctx context.Context) error {
	if c.sites() > 0 {
		return nil
	}
	if err := c.Apply(ctx); err != nil {
		return err
	}
	for _, v := range c.stack.Volumes {
		if err := c.engine.RemoveVolume(ctx, v.Spec.Name); err != nil {
			return fmt.Errorf("removing the volume %s: %w", v.Spec.Name, err)
		}
	}
	for _, f := range []string{c.compose.Path, filepath.Join(c.Dir, ".lock"), filepath.Join(c.Dir, "caddy")} {
		if err := os.RemoveAll(f); err != nil {
			return fmt.Errorf("removing the HTTPS proxy: %w", err)
		}
	}
	_ = os.Remove(c.Dir) // not empty: the rest is the user's
	return nil
}

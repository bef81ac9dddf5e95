package engine

import (
	"context"
	"io"
	"strconv"
	"time"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/pkg/stdcopy"
)

// LogOptions choose which part of a container's log to read.
type LogOptions struct {
	Follow     bool
	Tail       int       // the last so many lines; 0 = all
	Since      time.Time // zero = from the start
	Timestamps bool
}

// Logs copies a container's log. With Follow it goes on until the container
// stops (nil) or ctx ends (its error). A nil writer drops that stream; a
// container with a terminal has only stdout.
func (e streams) Logs(ctx context.Context, id string, o LogOptions, stdout, stderr io.Writer) error {
	doing := "read the log of container " + short(id)
	r, err := e.inspect(ctx, doing, id)
	if err != nil {
		return err
	}
	options := container.LogsOptions{ShowStdout: true, ShowStderr: true, Follow: o.Follow, Timestamps: o.Timestamps}
	if o.Tail > 0 {
		options.Tail = strconv.Itoa(o.Tail)
	}
	if !o.Since.IsZero() {
		options.Since = o.Since.Format(time.RFC3339Nano)
	}
	log, err := e.api.ContainerLogs(ctx, r.ID, options)
	if err != nil {
		return e.explain(ctx, doing, err)
	}
	defer log.Close()
	tty := r.Config != nil && r.Config.Tty
	return e.explain(ctx, doing, split(log, tty, stdout, stderr))
}

// split copies a stream of the engine's to its two ends.
func split(from io.Reader, tty bool, stdout, stderr io.Writer) error {
	if stdout == nil {
		stdout = io.Discard
	}
	if stderr == nil {
		stderr = io.Discard
	}
	var err error
	if tty {
		_, err = io.Copy(stdout, from)
	} else {
		_, err = stdcopy.StdCopy(stdout, stderr, from)
	}
	return err
}

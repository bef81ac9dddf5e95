package engine

import (
	"context"
	"io"

	"github.com/docker/docker/api/types/container"
)

// Terminal is the caller's, already in raw mode.
type Terminal struct {
	In  io.Reader
	Out io.Writer
	// Size is asked at the start and after each of Resized.
	Size    func() (width, height int)
	Resized <-chan struct{}
}

// ExecTerminal runs a command in a running container on a terminal, and
// returns its exit code. When ctx ends, the terminal is let go and the command
// may go on.
func (e execs) ExecTerminal(ctx context.Context, id string, cmd, env []string, t Terminal) (exitCode int, err error) {
	doing := "run " + cmd[0] + " in container " + short(id)
	execID, err := e.execCreate(ctx, doing, id, container.ExecOptions{
		Cmd: cmd, Env: env, Tty: true, AttachStdin: true, AttachStdout: true, AttachStderr: true,
	})
	if err != nil {
		return 0, err
	}
	stream, err := e.attach(ctx, doing, execID, container.ExecAttachOptions{Tty: true})
	if err != nil {
		return 0, err
	}
	defer stream.Close()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(ctx, stream.Close)()
	resize := func() {
		width, height := t.Size()
		_ = e.api.ContainerExecResize(ctx, execID, container.ResizeOptions{Width: uint(width), Height: uint(height)})
	}
	resize()
	go func() {
		for {
			select {
			case <-ctx.Done():
				return
			case <-t.Resized:
				resize()
			}
		}
	}()
	go func() {
		_, _ = io.Copy(stream.Conn, t.In)
		_ = stream.CloseWrite()
	}()
	// The command's end closes the stream.
	if _, err := io.Copy(t.Out, stream.Reader); err != nil && ctx.Err() == nil {
		return 0, e.explain(ctx, doing, err)
	}
	return e.execExit(ctx, doing, execID)
}

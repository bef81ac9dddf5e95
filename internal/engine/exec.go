package engine

import (
	"bytes"
	"context"
	"strings"

	"github.com/docker/docker/api/types/container"
)

// execOutput is how many bytes of each stream Exec keeps.
const execOutput = 1 << 20

// ExecResult is what a command in a container gave; each stream is cut off at
// 1 MiB.
type ExecResult struct {
	ExitCode       int
	Stdout, Stderr []byte
}

// Exec runs a command in a running container, as user ("" = the container's)
// and waits for its end. When ctx ends, Exec returns and the command may go
// on. ErrConflict when the container does not run.
func (e execs) Exec(ctx context.Context, id string, cmd []string, user string) (ExecResult, error) {
	return e.exec(ctx, id, cmd, user, nil)
}

// ExecInput is Exec with something on the command's standard input, where no list of
// processes and no log of Docker shows it.
func (e execs) ExecInput(ctx context.Context, id string, cmd []string, input []byte) (ExecResult, error) {
	return e.exec(ctx, id, cmd, "", input)
}

func (e execs) exec(ctx context.Context, id string, cmd []string, user string, input []byte) (ExecResult, error) {
	doing := "run " + strings.Join(cmd[:min(1, len(cmd))], "") + " in container " + short(id)
	execID, err := e.execCreate(ctx, doing, id, container.ExecOptions{
		Cmd: cmd, User: user, AttachStdin: input != nil, AttachStdout: true, AttachStderr: true,
	})
	if err != nil {
		return ExecResult{}, err
	}
	stream, err := e.attach(ctx, doing, execID, container.ExecAttachOptions{})
	if err != nil {
		return ExecResult{}, err
	}
	defer stream.Close()
	// The stream outlives ctx otherwise.
	defer context.AfterFunc(ctx, stream.Close)()
	if input != nil {
		go func() { // a command that does not read it may end all the same
			_, _ = stream.Conn.Write(input)
			_ = stream.CloseWrite()
		}()
	}
	var stdout, stderr limited
	if err := split(stream.Reader, false, &stdout, &stderr); err != nil {
		return ExecResult{}, e.explain(ctx, doing, err)
	}
	code, err := e.execExit(ctx, doing, execID)
	if err != nil {
		return ExecResult{}, err
	}
	return ExecResult{ExitCode: code, Stdout: stdout.Bytes(), Stderr: stderr.Bytes()}, nil
}

// limited keeps the first execOutput bytes and drops the rest.
type limited struct{ bytes.Buffer }

func (l *limited) Write(p []byte) (int, error) {
	if room := execOutput - l.Len(); room > 0 {
		l.Buffer.Write(p[:min(room, len(p))])
	}
	return len(p), nil
}

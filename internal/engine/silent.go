package engine

import (
	"context"
	"errors"
	"time"

	"github.com/docker/docker/api/types"
	"github.com/docker/docker/api/types/container"
)

// answerTime is how long Docker may take to answer a question, and changeTime
// to make a change, unless the caller's context ends before. A stream (a pull, a
// build, a log) has no such limit.
const (
	answerTime = time.Minute
	changeTime = 5 * time.Minute
)

// errSilent is the cause of a context that ended because Docker did not answer.
var errSilent = errors.New("Docker does not answer") //nolint:staticcheck // a name

// slowAfter is when somebody who waits for a connection is told so.
const slowAfter = 5 * time.Second

type slowKey struct{}

// WithSlow has tell called once where a connection takes longer than a moment: with the
// address, and how long it may take in all.
func WithSlow(ctx context.Context, tell func(endpoint string, most time.Duration)) context.Context {
	return context.WithValue(ctx, slowKey{}, tell)
}

// tellSlow tells so until the connection stands.
func (e *connection) tellSlow(ctx context.Context, most time.Duration) (stands func() bool) {
	tell, _ := ctx.Value(slowKey{}).(func(string, time.Duration))
	if tell == nil {
		return func() bool { return true }
	}
	return time.AfterFunc(min(slowAfter, most/2), func() { tell(shown(e.info.Endpoint), most) }).Stop
}

// answer bounds a call that only asks.
func (e *connection) answer(ctx context.Context) (context.Context, context.CancelFunc) {
	return within(ctx, min(answerTime, e.patience))
}

// change bounds a call that changes something.
func (e *connection) change(ctx context.Context) (context.Context, context.CancelFunc) {
	return within(ctx, min(changeTime, e.patience))
}

// end bounds the stop of a container, which may use all of its grace period; 0
// is the container's own, which is not known here.
func (e *connection) end(ctx context.Context, grace time.Duration) (context.Context, context.CancelFunc) {
	if grace <= 0 {
		return e.change(ctx)
	}
	return within(ctx, min(answerTime, e.patience)+grace)
}

func within(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, d, errSilent)
}

// isSilent reports whether a call ended because Docker did not answer, and not
// because the caller wanted it to end.
func isSilent(ctx context.Context) bool { return errors.Is(context.Cause(ctx), errSilent) }

// silent is the error for a Docker that accepts a question and never answers.
func (e *connection) silent(doing string, err error) error {
	return fail([]error{ErrUnreachable, err},
		"%s: Docker at %s does not answer. Look for the cause in its log (sudo journalctl -u docker). "+
			"To restart Docker: sudo systemctl restart docker. That stops all containers, including OpenAlgo, and starts them again", doing, e.info.Endpoint)
}

// inspect looks at a container before a call that may take long.
func (e *connection) inspect(ctx context.Context, doing, id string) (container.InspectResponse, error) {
	ctx, cancel := e.answer(ctx)
	defer cancel()
	r, err := e.api.ContainerInspect(ctx, id)
	return r, e.explain(ctx, doing, err)
}

// execCreate prepares a command in a container.
func (e execs) execCreate(ctx context.Context, doing, id string, o container.ExecOptions) (execID string, err error) {
	ctx, cancel := e.answer(ctx)
	defer cancel()
	created, err := e.api.ContainerExecCreate(ctx, id, o)
	return created.ID, e.explain(ctx, doing, err)
}

// execExit returns the exit code of a command that has ended.
func (e execs) execExit(ctx context.Context, doing, execID string) (int, error) {
	ctx, cancel := e.answer(ctx)
	defer cancel()
	result, err := e.api.ContainerExecInspect(ctx, execID)
	return result.ExitCode, e.explain(ctx, doing, err)
}

// attach starts a command and opens its stream. The client waits for the answer
// on the bare connection, even after the context has ended.
func (e execs) attach(ctx context.Context, doing, execID string, o container.ExecAttachOptions) (types.HijackedResponse, error) {
	ctx, cancel := e.answer(ctx)
	defer cancel()
	type opened struct {
		stream types.HijackedResponse
		err    error
	}
	done := make(chan opened, 1)
	go func() {
		stream, err := e.api.ContainerExecAttach(ctx, execID, o)
		done <- opened{stream, err}
	}()
	select {
	case got := <-done:
		return got.stream, e.explain(ctx, doing, got.err)
	case <-ctx.Done():
		go func() {
			if late := <-done; late.err == nil {
				late.stream.Close()
			}
		}()
		return types.HijackedResponse{}, e.explain(ctx, doing, ctx.Err())
	}
}

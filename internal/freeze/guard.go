package freeze

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/stacks"
	"github.com/marketcalls/openalgo-install/internal/wait"
)

// Command is the hidden command of this program that watches over a freeze.
const Command = "freeze-guard"

const (
	// GuardTime is how long a container stays frozen before its guard thaws it.
	GuardTime = 10 * time.Second
	// readyTime is how long a guard may take to begin its watch.
	readyTime = 20 * time.Second
	// lateTime is how long Docker may take to carry out a freeze that was asked for by
	// a process which is gone.
	lateTime = 10 * time.Second
	// awayTime is how long Docker may be away when a container has to be thawed.
	awayTime   = 10 * time.Minute
	guardEvery = 50 * time.Millisecond
)

// What a guard and who began it say to each other.
const (
	saysReady  = "ready\n"
	saysThawed = "thawed\n" // nothing is left to watch
)

// NoGuard watches nothing: it is for a Docker in memory.
func NoGuard(context.Context, string, string) (func(), error) { return func() {}, nil }

// Process is a Guard: this program again, in a session of its own, that Ctrl+C does
// not reach.
func Process(ctx context.Context, endpoint, id string) (thawed func(), err error) {
	cmd := exec.Command("/proc/self/exe", Command, id) //nolint:noctx // it outlives what ctx ends
	cmd.Env = append(os.Environ(), "DOCKER_HOST="+endpoint)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	thawed = func() {
		_, _ = io.WriteString(in, saysThawed)
		_ = in.Close()
		_ = cmd.Wait()
	}
	if err := awaitReady(ctx, out); err != nil {
		thawed()
		return nil, fmt.Errorf("the guard of the freeze does not begin: %w", err)
	}
	return thawed, nil
}

// awaitReady waits until a guard has found Docker and watches.
func awaitReady(ctx context.Context, out io.Reader) error {
	ctx, cancel := context.WithTimeout(ctx, readyTime)
	defer cancel()
	said := make(chan error, 1)
	go func() {
		line, err := bufio.NewReader(out).ReadString('\n')
		if line != saysReady {
			err = errors.Join(err, fmt.Errorf("it said %.80q", line))
		} else {
			err = nil
		}
		said <- err
	}()
	select {
	case err := <-said:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Watch is what a guard does: it waits until in says that the container is thawed, or
// ends, or until GuardTime is over, and thaws it then. Nothing but a kill ends it.
func Watch(ctx context.Context, d Docker, id string, in io.Reader, out io.Writer) error {
	signal.Ignore(syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGPIPE)
	ctx = context.WithoutCancel(ctx)
	if _, err := io.WriteString(out, saysReady); err != nil {
		return err
	}
	said := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(in).ReadString('\n')
		said <- line
	}()
	over := time.NewTimer(GuardTime)
	defer over.Stop()
	select {
	case line := <-said:
		if line == saysThawed {
			return nil
		}
	case <-over.C:
	}
	return thawLate(ctx, d, id)
}

// thawLate thaws a container as soon as it is frozen, which it may become only now:
// Docker carries out what a process asked for that is gone.
func thawLate(ctx context.Context, d Docker, id string) error {
	var answered time.Time // since when Docker says that the container runs
	return wait.Until(ctx, awayTime, guardEvery, func(ctx context.Context) (bool, error) {
		c, err := d.Container(ctx, id)
		switch {
		case errors.Is(err, engine.ErrNotFound):
			return true, nil
		case err != nil:
			return false, nil //nolint:nilerr // Docker is being restarted
		case stacks.IsFrozen(c):
			return d.Unpause(ctx, c.ID) == nil, nil
		case answered.IsZero():
			answered = time.Now()
		}
		return time.Since(answered) > lateTime, nil
	})
}

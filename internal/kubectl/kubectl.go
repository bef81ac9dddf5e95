// Package kubectl runs the user's own kubectl, with their kubeconfig, their way to log
// in and the rights that they have in the cluster.
package kubectl

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"syscall"
	"time"

	"github.com/marketcalls/openalgo-install/internal/finding"
)

const (
	// mostOutput bounds an answer that is kept, mostSaid what is kept of the errors.
	mostOutput = 16 << 20
	mostSaid   = 16 << 10
	// Time is how long one answer may take.
	Time = time.Minute
	// leave is how long kubectl has to end once its work is called off.
	leave = 5 * time.Second
)

// Kubectl runs kubectl for one namespace.
type Kubectl struct {
	run Program
	// Context is that of the kubeconfig; "" is the current one.
	Context   string
	Namespace string
}

// Program runs kubectl with its arguments, and returns what it says on stderr.
type Program func(ctx context.Context, in io.Reader, out io.Writer, args []string) (said string, err error)

// With is a kubectl that something else stands for: a test has one.
func With(run Program, namespace string) Kubectl { return Kubectl{run: run, Namespace: namespace} }

// Find finds kubectl on this machine.
func Find(context, namespace string) (Kubectl, error) {
	program, err := exec.LookPath("kubectl")
	if err != nil {
		return Kubectl{}, finding.Named(finding.HostNotReady, "kubectl-missing", "this machine has no kubectl, which openalgo-install needs to speak to a cluster").
			With(finding.Hint{Do: "Install kubectl as your cluster's documentation says, or run openalgo-install where kubectl works"}).Ending(finding.Unchanged)
	}
	return Kubectl{installed(program), context, namespace}, nil
}

// Command returns a command of kubectl's for this instance, to be shown.
func (k Kubectl) Command(args ...string) string {
	text := "kubectl"
	for _, word := range append(k.where(), args...) {
		text += " " + finding.Quoted(word)
	}
	return text
}

func (k Kubectl) where() (words []string) {
	if k.Context != "" {
		words = append(words, "--context", k.Context)
	}
	if k.Namespace != "" {
		words = append(words, "--namespace", k.Namespace)
	}
	return words
}

// Run returns what kubectl prints, within Time. in may be nil.
func (k Kubectl) Run(ctx context.Context, in []byte, args ...string) ([]byte, error) {
	return k.Within(ctx, Time, in, args...)
}

// Within is Run with another time.
func (k Kubectl) Within(ctx context.Context, limit time.Duration, in []byte, args ...string) ([]byte, error) {
	limited, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	out := &bounded{most: mostOutput}
	err := k.Pipe(limited, bytes.NewReader(in), out, args...)
	if err == nil && out.cut {
		err = fmt.Errorf("kubectl %s: the answer is larger than it can be", args[0])
	}
	if ctx.Err() == nil && errors.Is(limited.Err(), context.DeadlineExceeded) {
		err = unreachable(k, fmt.Sprintf("it did not answer within %s", limit))
	}
	return out.Bytes(), err
}

// Get reads objects as JSON into a value. What the cluster says of them is believed,
// and shown only where it is fit for that.
func (k Kubectl) Get(ctx context.Context, into any, args ...string) error {
	text, err := k.Run(ctx, nil, append(append([]string{"get"}, args...), "--output", "json")...)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("kubectl get %s: its answer cannot be read: %w", args[0], err)
	}
	return nil
}

// Pipe runs kubectl with streams, for as long as ctx lasts. What it says on stderr is
// the error's text.
func (k Kubectl) Pipe(ctx context.Context, in io.Reader, out io.Writer, args ...string) error {
	said, err := k.run(ctx, in, out, append(k.where(), args...))
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err == nil {
		return nil
	}
	return explain(k, args[0], said, err)
}

// installed runs the program at a path.
func installed(program string) Program {
	return func(ctx context.Context, in io.Reader, out io.Writer, args []string) (string, error) {
		cmd := exec.CommandContext(ctx, program, args...)
		said := &bounded{most: mostSaid}
		cmd.Stdin, cmd.Stdout, cmd.Stderr = in, out, said
		// Ctrl+C on a terminal is for this program, which has OpenAlgo started again.
		cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
		cmd.WaitDelay = leave
		err := cmd.Run()
		return said.String(), err
	}
}

// bounded keeps the first bytes, and takes the others.
type bounded struct {
	bytes.Buffer
	most int
	cut  bool
}

func (b *bounded) Write(p []byte) (int, error) {
	room := b.most - b.Len()
	if room < len(p) {
		b.cut = true
		b.Buffer.Write(p[:max(room, 0)])
		return len(p), nil
	}
	return b.Buffer.Write(p)
}

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
	"strings"
	"syscall"
	"time"

	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/printable"
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

// With returns a Kubectl that runs another program, for tests.
func With(run Program, namespace string) Kubectl { return Kubectl{run: run, Namespace: namespace} }

// Find finds kubectl on this machine.
func Find(context, namespace string) (Kubectl, error) {
	program, err := exec.LookPath("kubectl")
	if err != nil {
		return Kubectl{}, finding.Named(finding.HostNotReady, "kubectl-missing", "this machine has no kubectl, which openalgo-install needs to reach a cluster").
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
	out := &Answer{}
	err := k.Pipe(limited, bytes.NewReader(in), out, args...)
	if err != nil && ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded) {
		err = unreachable(k, fmt.Sprintf("it did not answer within %s", limit))
	}
	return out.Bytes(), err
}

// Object is Get of one object whose name the cluster says. Such a name may be anything
// where another user wrote it: as a flag of kubectl's it would have kubectl send your
// login to another server.
func (k Kubectl) Object(ctx context.Context, into any, kind, name string) error {
	if err := CheckName(kind, name); err != nil {
		return err
	}
	return k.Get(ctx, into, kind, name)
}

// longestName is what an object may be called.
const longestName = 253

// CheckName refuses what no object of Kubernetes can be called.
func CheckName(kind, name string) error {
	isOther := func(c rune) bool { return (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '.' }
	if name == "" || len(name) > longestName || name[0] == '-' || strings.ContainsFunc(name, isOther) {
		return finding.Named(finding.Failed, "cluster-name-impossible", "the cluster names a %s %q, and no object can have this name", kind, printable.Line(name[:min(len(name), 60)]))
	}
	return nil
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
	answer, kept := out.(*Answer)
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return ctx.Err()
	case err == nil && (!kept || !answer.cut):
		return nil
	case kept && answer.cut:
		return fmt.Errorf("kubectl %s: the answer is larger than it can be", args[0])
	case ctx.Err() != nil:
		return ctx.Err()
	}
	return explain(k, args[0], said, err)
}

// installed runs the program at a path.
func installed(program string) Program {
	return func(ctx context.Context, in io.Reader, out io.Writer, args []string) (string, error) {
		cmd := exec.CommandContext(ctx, program, args...)
		said := &last{}
		cmd.Stdin, cmd.Stdout, cmd.Stderr = in, out, said
		// Ctrl+C on a terminal is for this program, which has OpenAlgo started again.
		cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		// So is what kubectl itself has started, to log in.
		cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
		cmd.WaitDelay = leave
		err := cmd.Run()
		return said.String(), err
	}
}

// Answer keeps what kubectl prints, as far as an answer can be large. What prints more
// is ended.
type Answer struct {
	text bytes.Buffer // not embedded: io.Copy would call its ReadFrom, which has no bound
	cut  bool
}

// Bytes returns what came.
func (a *Answer) Bytes() []byte { return a.text.Bytes() }

var errLarge = errors.New("the answer is larger than it can be")

func (a *Answer) Write(p []byte) (int, error) {
	if a.cut = a.cut || a.text.Len()+len(p) > mostOutput; a.cut {
		return 0, errLarge
	}
	return a.text.Write(p)
}

// last keeps the last bytes: what kubectl says first are warnings.
type last struct{ text []byte }

func (l *last) Write(p []byte) (int, error) {
	l.text = append(l.text, p[max(0, len(p)-mostSaid):]...)
	if more := len(l.text) - mostSaid; more > 0 {
		l.text = append(l.text[:0], l.text[more:]...)
	}
	return len(p), nil
}

func (l *last) String() string { return string(l.text) }

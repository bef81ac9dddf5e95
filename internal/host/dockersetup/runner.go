package dockersetup

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// Command is one program to run.
type Command struct {
	Args  []string
	Stdin []byte
}

// Runner runs commands; tests have another.
type Runner interface {
	// Run hands every line that the command prints to out, and returns an
	// error unless it ends with status 0.
	Run(ctx context.Context, c Command, out func(line string)) error
}

// SystemRunner runs commands for real.
var SystemRunner Runner = execRunner{}

type execRunner struct{}

// Run starts the command in a process group of its own, so that Ctrl-C and a
// lost SSH line do not hit dpkg in the middle of a package. A cancelled
// context asks it to stop and gives it two minutes to do so in order.
func (execRunner) Run(ctx context.Context, c Command, out func(line string)) error {
	cmd := exec.CommandContext(ctx, c.Args[0], c.Args[1:]...)
	// Debian's dpkg refuses to work without the sbin directories in PATH.
	cmd.Env = append(os.Environ(), "PATH="+os.Getenv("PATH")+":/usr/local/sbin:/usr/sbin:/sbin")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error {
		err := syscall.Kill(-cmd.Process.Pid, syscall.SIGINT)
		if errors.Is(err, syscall.ESRCH) {
			return os.ErrProcessDone
		}
		return err
	}
	cmd.WaitDelay = 2 * time.Minute
	if c.Stdin != nil {
		cmd.Stdin = bytes.NewReader(c.Stdin)
	}
	lines := &lineWriter{out: out}
	cmd.Stdout, cmd.Stderr = lines, lines
	err := cmd.Run()
	lines.flush()
	return err
}

// lineWriter cuts what is written into lines; a carriage return, as progress
// bars use it, ends one too.
type lineWriter struct {
	out  func(string)
	rest []byte
}

var _ io.Writer = (*lineWriter)(nil)

func (w *lineWriter) Write(p []byte) (int, error) {
	w.rest = append(w.rest, p...)
	for {
		i := bytes.IndexAny(w.rest, "\r\n")
		if i < 0 {
			return len(p), nil
		}
		w.emit(w.rest[:i])
		w.rest = w.rest[i+1:]
	}
}

func (w *lineWriter) flush() {
	w.emit(w.rest)
	w.rest = nil
}

func (w *lineWriter) emit(line []byte) {
	if text := strings.TrimRight(string(line), " \t"); text != "" {
		w.out(text)
	}
}

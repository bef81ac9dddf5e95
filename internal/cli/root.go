// Package cli is the command line: it turns flags into calls, and results into
// text or JSON.
package cli

import (
	"context"
	"errors"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/present"
	"github.com/marketcalls/openalgo-install/internal/rehearsal"
	"github.com/marketcalls/openalgo-install/internal/wizard/noquery"
)

const program = "openalgo-install"

// secondSignal is when a second Ctrl+C counts as one.
const secondSignal = 3 * time.Second

// app is what every command shares: its streams and the flags for all.
type app struct {
	args   []string // as given
	stdin  io.Reader
	stdout io.Writer
	stderr io.Writer
	// stopped is closed by Ctrl+C and SIGTERM: nothing waits for input then.
	stopped <-chan struct{}

	dir      string
	dirGiven bool // by --dir
	// instanceName is --instance; dir is its directory by then.
	instanceName string
	// target is where the instance is: "" is this machine, "kubernetes" the cluster of
	// a context of the user's kubeconfig.
	target, kubeContext string
	json                bool
	yes                 bool
	noColor             bool
	accessible          bool
	verbose             bool

	// asks has every plan shown and asked about, as the dashboard does. again asks for
	// the answers of an instance that is there.
	asks, again bool
	// asked says that this person is asked for the answers, and writes no file.
	asked bool

	broughtDocker bool // this run has installed Docker Engine, even if the install is refused then

	stdoutTaken bool // a command writes data there: text for people goes to stderr
}

// commands are the constructors of all commands; the file of a command adds its
// own.
var commands []func(*app) *cobra.Command

func register(command ...func(*app) *cobra.Command) { commands = append(commands, command...) }

// usage is the error of a wrong command line.
//
//go:noinline
func usage(format string, args ...any) *finding.Error {
	return finding.Named(finding.Usage, "command-line", format, args...)
}

// noArgs is cobra.NoArgs as a usage error.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usage("%s does not accept %q. For help: %[1]s --help", cmd.CommandPath(), args[0])
	}
	return nil
}

// Main runs the program and returns its exit code.
func Main(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	noquery.Restore()
	// Inside the image of the test app the program also stands in for curl, chown and others.
	switch filepath.Base(args[0]) {
	case rehearsal.CurlName:
		return rehearsal.Curl(args[1:], stdout, stderr)
	case rehearsal.PythonName:
		return rehearsal.Python("/app", args[1:], stdin, stdout, stderr)
	case rehearsal.ScriptName:
		return rehearsal.Script(args[1:], stdout, stderr)
	case rehearsal.ChownName:
		return rehearsal.Chown(args[1:], stderr)
	}
	// A line that drops, or a reader that goes, must not stop an apply.
	signal.Ignore(syscall.SIGHUP, syscall.SIGPIPE)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// An undo after the first Ctrl+C may take minutes; a second one leaves the rest
	// to the next command. Not at once: one key may send two signals.
	context.AfterFunc(ctx, func() { time.AfterFunc(secondSignal, stop) })

	if by, root := rootBy(os.Getenv, os.Geteuid()); root && (by != "" || isTerminal(stdin)) {
		finding.Root(by)
	}
	a := &app{args: args[1:], stdin: stdin, stdout: stdout, stderr: stderr, stopped: ctx.Done()}
	cmd := newRoot(a)
	cmd.SetArgs(args[1:])
	cmd.SetIn(stdin)
	cmd.SetOut(present.Folded(stdout)) // help; a command prints to stdout itself
	cmd.SetErr(stderr)
	err := cmd.ExecuteContext(ctx)
	if err == nil {
		return exitDone
	}
	return a.fail(err)
}

// fail prints an error for a person, unless it was told already.
func (a *app) fail(err error) int {
	var told *toldError
	var inside *exitError // its command has said why
	if !errors.As(err, &told) && !errors.As(err, &inside) {
		present.Error(a.stderr, a.prompt(), err)
	}
	return exitCode(err)
}

// prompt is where this user types a command about this instance. What another
// than root owns is changed without sudo.
func (a *app) prompt() finding.Prompt {
	if a.target != "" {
		return finding.Prompt{}
	}
	dir, err := instance.Abs(a.dir)
	if err != nil {
		dir = a.dir
	}
	return finding.Prompt{Dir: dir, Sudo: !instance.IsMine(dir), Asked: a.asked}
}

// toldError has been printed already, as the last event of a run.
type toldError struct{ err error }

func (e *toldError) Error() string { return e.err.Error() }
func (e *toldError) Unwrap() error { return e.err }

func newRoot(a *app) *cobra.Command {
	o := &installCommand{app: a}
	cmd := &cobra.Command{
		Use:   program + " [--answers FILE]",
		Short: "Install OpenAlgo on this machine and keep it running",
		Long: `openalgo-install installs OpenAlgo on this machine and keeps it running.

It measures RAM and cores, sizes the container, makes the encryption keys,
writes .env and docker-compose.yaml, and starts OpenAlgo in Docker. On a
terminal it asks its questions. With --answers FILE it asks none. A second run
with the same answers changes nothing. A run that fails is rolled back.`,
		Example: `  openalgo-install
  openalgo-install answers init > answers.yaml
  openalgo-install --answers answers.yaml --dry-run
  openalgo-install --answers answers.yaml`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return unknownCommand(cmd, args[0])
			}
			return nil
		},
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			if a.target != "" || a.kubeContext != "" {
				return onCluster(a, cmd)
			}
			if err := chooseInstance(a); err != nil {
				return err
			}
			return toDocker(a, cmd)
		},
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.version {
				return printVersion(a)
			}
			a.dirGiven = cmd.Flags().Changed("dir") || a.instanceName != ""
			return o.run(cmd.Context())
		},
	}
	cmd.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return usage("%v. For all flags: %s --help", err, c.CommandPath())
	})
	flags := cmd.PersistentFlags()
	flags.StringVar(&a.dir, "dir", finding.DefaultDir, "directory of the instance")
	flags.StringVar(&a.instanceName, "instance", "", "use the instance NAME, in the directory DIR-NAME")
	flags.BoolVar(&a.json, "json", false, "print JSON on stdout, and text for people on stderr")
	flags.BoolVarP(&a.yes, "yes", "y", false, "answer yes to questions")
	flags.BoolVar(&a.noColor, "no-color", false, "print no colours, as with NO_COLOR")
	flags.BoolVar(&a.accessible, "accessible", false, "print plain lines, for screen readers")
	flags.BoolVarP(&a.verbose, "verbose", "v", false, "show the container's log while it starts")
	flags.BoolVar(&a.asks, "ask", false, "show every plan, and ask before applying it")
	flags.BoolVar(&a.again, "again", false, "ask an instance's questions again")
	targetFlags(flags, a) // a command that cannot do that says so
	for _, name := range []string{"ask", "again", "target", "context"} {
		_ = flags.MarkHidden(name)
	}
	o.flags(cmd)
	for _, command := range commands {
		cmd.AddCommand(command(a))
	}
	offer(a, cmd)
	return cmd
}

// isTerminal reports whether a stream is one.
func isTerminal(stream any) bool {
	file, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

//go:noinline
func (a *app) writeJSON(doc any) error { return present.JSON(a.stdout, doc) }

package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/inside"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/ops"
	"github.com/marketcalls/openalgo-install/internal/printable"
)

func init() { register(newShell, newAdmin) }

func newShell(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "shell [-- COMMAND...]",
		Short: "Open a shell in the container, or run a command there",
		Example: `  openalgo-install shell
  openalgo-install shell -- ls -l /app/db`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 && !isTerminal(a.stdin) {
				return usage("a shell needs a terminal").With(finding.Run("Without one name a command", "shell", "--", "ls", "/app"))
			}
			if len(args) == 0 {
				args = inside.Shell
			}
			return runInside(cmd.Context(), a, args, nil)
		},
	}
}

func newAdmin(a *app) *cobra.Command {
	admin := &cobra.Command{
		Use:   "admin",
		Short: "Help with OpenAlgo's own accounts",
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return unknownCommand(cmd, args[0])
			}
			return cmd.Help()
		},
	}
	var list bool
	var user string
	reset := &cobra.Command{
		Use:   "reset-password",
		Short: "Set a new password for an account in OpenAlgo",
		Long: `Run OpenAlgo's own password reset in the container. It asks for the new
password. Without a terminal, pass the password as one line on standard input.
Encryption keys stay as they are. The new password works after half a minute.`,
		Example: `  openalgo-install admin reset-password --list
  openalgo-install admin reset-password
  openalgo-install admin reset-password <FILE`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			args := slices.Clone(openalgo.ResetPassword)
			if list {
				args = append(args, "--list")
			}
			if user != "" {
				args = append(args, "--username", user)
			}
			if list {
				return runInside(cmd.Context(), a, args, []byte{}) // names are shown as text
			}
			if isTerminal(a.stdin) {
				return runInside(cmd.Context(), a, args, nil)
			}
			password, err := readPassword(a.stdin)
			if err != nil {
				return err
			}
			return runInside(cmd.Context(), a, args, password)
		},
	}
	reset.Flags().BoolVar(&list, "list", false, "list the accounts and change nothing")
	reset.Flags().StringVar(&user, "username", "", "name of the account; the default is the admin account")
	admin.AddCommand(reset)
	return admin
}

// mostPassword is the longest line that is read as a password, in bytes.
const mostPassword = 1 << 10

// readPassword reads one line, and returns it as OpenAlgo's program asks for it:
// twice.
func readPassword(in io.Reader) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(in, mostPassword+1))
	if err != nil {
		return nil, fmt.Errorf("read the password: %w", err)
	}
	password := strings.TrimSuffix(strings.TrimSuffix(string(text), "\n"), "\r")
	switch {
	case password == "":
		return nil, usage("cannot ask for the new password without a terminal, and standard input is empty").With(
			finding.Run("Put the password on the first line of a file that only you can read, and pass that file", "admin", "reset-password", "<FILE"))
	case len(text) > mostPassword:
		return nil, usage("the password on standard input is longer than %d characters", mostPassword)
	case strings.ContainsFunc(password, func(r rune) bool { return r < ' ' }):
		return nil, usage("standard input has more than one line, or a character that a password cannot have")
	}
	return []byte(password + "\n" + password + "\n"), nil
}

// exitError ends the program as a command in the container ended.
type exitError struct{ code int }

func (e *exitError) Error() string { return fmt.Sprintf("the command ended with status %d", e.code) }

// runInside runs a command in the container, on our terminal if there is one; else
// with input, unless that is nil.
func runInside(ctx context.Context, a *app, args []string, input []byte) error {
	return a.look(ctx, func(s *ops.Session) error {
		terminal, restore := (*engine.Terminal)(nil), func() {}
		if input == nil {
			var err error
			if terminal, restore, err = takeTerminal(a); err != nil {
				return err
			}
		}
		result, err := inside.Run(ctx, s, args, terminal, input)
		restore()
		if err != nil {
			return err
		}
		_, _ = a.stdout.Write(fitFor(result.Stdout, isTerminal(a.stdout)))
		_, _ = a.stderr.Write(fitFor(result.Stderr, isTerminal(a.stderr)))
		if result.ExitCode != 0 {
			return &exitError{result.ExitCode}
		}
		return nil
	})
}

// fitFor is what a command in the container printed, as a terminal may have it. A file
// or another program gets every byte.
func fitFor(text []byte, terminal bool) []byte {
	if !terminal {
		return text
	}
	return []byte(printable.Text(string(text)))
}

// takeTerminal takes ours into raw mode; nil without one.
func takeTerminal(a *app) (*engine.Terminal, func(), error) {
	stdin, ok := a.stdin.(*os.File)
	if !ok || !isTerminal(a.stdin) || !isTerminal(a.stdout) {
		return nil, func() {}, nil
	}
	before, err := term.MakeRaw(int(stdin.Fd()))
	if err != nil {
		return nil, nil, fmt.Errorf("taking the terminal: %w", err)
	}
	resized, signals := make(chan struct{}, 1), make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGWINCH)
	go func() {
		for range signals {
			select {
			case resized <- struct{}{}:
			default:
			}
		}
	}()
	size := func() (int, int) {
		width, height, err := term.GetSize(int(stdin.Fd()))
		if err != nil {
			return 80, 24
		}
		return width, height
	}
	restore := func() {
		signal.Stop(signals)
		close(signals)
		_ = term.Restore(int(stdin.Fd()), before)
	}
	return &engine.Terminal{In: stdin, Out: a.stdout, Size: size, Resized: resized}, restore, nil
}

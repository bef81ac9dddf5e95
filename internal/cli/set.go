package cli

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/marketcalls/openalgo-install/internal/envfile"
	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/ops"
	"github.com/marketcalls/openalgo-install/internal/readfile"
	"github.com/marketcalls/openalgo-install/internal/settings"
)

// keyBroker is what set takes for another broker; it is no key of .env.
const keyBroker = "broker"

func init() { register(newSet) }

type setCommand struct {
	*app
	changeOptions
	unset []string
	edit  bool
}

func newSet(a *app) *cobra.Command {
	c := &setCommand{app: a}
	cmd := &cobra.Command{
		Use:   "set KEY=VALUE...",
		Short: "Change OpenAlgo's settings and restart it",
		Long: `Change settings in OpenAlgo's .env. openalgo-install checks the new .env by
OpenAlgo's own rules, then recreates the container. OpenAlgo and its strategies
stop for some seconds. If OpenAlgo does not start, the change is rolled back.

For a secret, write the name without a value. openalgo-install asks for the
value without showing it, or reads it from stdin, one line for each. Other users
could read a value on the command line. broker=ID changes the broker and its
redirect URL, and asks for its credentials. Without a terminal, name both
credentials.`,
		Example: `  openalgo-install set LOG_LEVEL=DEBUG
  openalgo-install set --unset LOG_LEVEL
  openalgo-install set broker=dhan BROKER_API_KEY BROKER_API_SECRET
  openalgo-install set --edit`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 && len(c.unset) == 0 && !c.edit {
				return usage("set needs KEY=VALUE, --unset KEY or --edit").With(finding.Run("For example", "set", "LOG_LEVEL=DEBUG"))
			}
			if c.edit && (len(args) > 0 || len(c.unset) > 0) {
				return usage("--edit opens the whole file. Do not name settings with it")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return c.run(cmd.Context(), args) },
	}
	cmd.Flags().StringArrayVar(&c.unset, "unset", nil, "remove this setting; can be repeated")
	cmd.Flags().BoolVar(&c.edit, "edit", false, "open .env in $EDITOR")
	c.flags(cmd)
	return cmd
}

func (c *setCommand) run(ctx context.Context, args []string) error {
	vars, err := c.readVars(ctx, args)
	if err != nil {
		return c.refuse(err)
	}
	vars.Unset = c.unset
	if c.edit {
		return c.with(ctx, c.changeOptions, func(s *ops.Session, out *presenter) error { return c.edited(ctx, s, out) })
	}
	return c.change(ctx, c.changeOptions, ops.Set(vars))
}

// edited carries out what a person writes in an editor.
func (c *setCommand) edited(ctx context.Context, s *ops.Session, out *presenter) error {
	e, err := c.editEnv(ctx, s)
	if err != nil {
		return out.end(event.Result{}, err)
	}
	if len(e.Set)+len(e.Unset) == 0 && bytes.Equal(e.Whole, nil) {
		return out.end(event.Result{Message: "nothing to do: the file was not changed"}, nil)
	}
	o := c.changeOptions
	o.question = "The container is recreated with this .env."
	c.follow(s, o)
	return c.carry(ctx, s, out, o, ops.Set(e))
}

// readVars reads the keys of the command line, and asks for values that are
// not there.
func (c *setCommand) readVars(ctx context.Context, args []string) (settings.Edit, error) {
	var e settings.Edit
	lines := bufio.NewReader(c.stdin)
	of := brokerToBe(c.app, args)
	for _, arg := range args {
		if !strings.Contains(arg, "=") {
			value, err := c.readValue(ctx, lines, of, arg)
			if err != nil {
				return e, err
			}
			e.Set = append(e.Set, settings.Var{Key: arg, Value: value})
			continue
		}
		v, err := settings.ParseVar(arg)
		if err != nil {
			return e, usage("%v", err)
		}
		if v.Key == keyBroker {
			e.Broker = strings.TrimSpace(v.Value.Reveal())
			continue
		}
		if envfile.IsSecret(v.Key, v.Value.Reveal()) {
			warn(c.stderr, c.prompt(), finding.Warn("secret-in-command", "other users of this machine could read %s in the list of processes", v.Key).
				With(finding.Run("Leave the value out, and openalgo-install asks for it", "set", v.Key)))
		}
		e.Set = append(e.Set, v)
	}
	return e, c.askCredentials(ctx, lines, &e)
}

// editEnv opens a copy of .env in the user's editor, and returns what changed.
func (c *setCommand) editEnv(ctx context.Context, s *ops.Session) (settings.Edit, error) {
	before, err := s.EnvText(ctx)
	if err != nil {
		return settings.Edit{}, err
	}
	editor := os.Getenv("VISUAL")
	if editor == "" {
		editor = os.Getenv("EDITOR")
	}
	if editor == "" && !isTerminal(c.stdin) {
		return settings.Edit{}, usage("--edit cannot open an editor without a terminal. Set EDITOR to a program that needs none, or write KEY=VALUE")
	}
	if editor == "" {
		editor = "vi"
	}
	dir, remove, err := instance.EditDir(s.Dir())
	if err != nil {
		return settings.Edit{}, err
	}
	defer remove()
	path := filepath.Join(dir, ".env")
	if err := os.WriteFile(path, before, 0o600); err != nil {
		return settings.Edit{}, err
	}
	// An editor may be a command with arguments, as git takes it.
	cmd := exec.CommandContext(ctx, "sh", "-c", editor+` "$1"`, "sh", path)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = c.stdin, c.stderr, c.stderr
	if err := cmd.Run(); err != nil {
		return settings.Edit{}, finding.Named(finding.Failed, "editor-failed", "the editor %s failed. Nothing was changed: %w", editor, err)
	}
	after, err := readfile.Regular(path, readfile.Config)
	if err != nil {
		return settings.Edit{}, fmt.Errorf("read the edited file: %w", err)
	}
	if bytes.Equal(before, after) {
		return settings.Edit{}, nil
	}
	return settings.EditOf(before, after)
}

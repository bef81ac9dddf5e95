package cli

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/marketcalls/openalgo-install/internal/envfile"
	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/ops"
	"github.com/marketcalls/openalgo-install/internal/plan"
	"github.com/marketcalls/openalgo-install/internal/readfile"
	"github.com/marketcalls/openalgo-install/internal/secret"
)

// keyBroker is what set takes for another broker; it is no key of .env.
const keyBroker = "broker"

type setOptions struct {
	unset  []string
	edit   bool
	change changeOptions
}

func (a *app) setCommand() *cobra.Command {
	var o setOptions
	cmd := &cobra.Command{
		Use:   "set KEY=VALUE...",
		Short: "Change settings in .env and swap the container",
		Long: `Change single keys of OpenAlgo's .env. It is checked by the app's own rules, the
container is made anew and verified, and all is put back when that fails.

A key without a value is asked for on a terminal, unseen, or read from stdin, a
line each: that is the way for secrets, which others could read in the list of
processes. broker=ID changes the broker: the redirect URL and what else follows
it change, too, and the credentials are checked against its form.`,
		Example: `  openalgo-install set LOG_LEVEL=DEBUG
  openalgo-install set --unset LOG_LEVEL
  openalgo-install set broker=dhan BROKER_API_KEY BROKER_API_SECRET
  openalgo-install set --edit`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 && len(o.unset) == 0 && !o.edit {
				return usage("KEY=VALUE, --unset KEY or --edit is wanted, e.g. openalgo-install set LOG_LEVEL=DEBUG")
			}
			if o.edit && (len(args) > 0 || len(o.unset) > 0) {
				return usage("--edit opens the whole file; leave the keys out")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return a.set(cmd.Context(), o, args) },
	}
	cmd.Flags().StringArrayVar(&o.unset, "unset", nil, "take this key out; may be repeated")
	cmd.Flags().BoolVar(&o.edit, "edit", false, "open .env in $EDITOR")
	o.change.flags(cmd)
	return cmd
}

func (a *app) set(ctx context.Context, o setOptions, args []string) error {
	out := a.presenter()
	edit, err := a.readVars(ctx, args)
	if err != nil {
		return out.end(event.Result{}, err)
	}
	edit.Unset = o.unset
	in, done, err := a.session(ctx, out)
	if err != nil {
		return out.end(event.Result{}, err)
	}
	defer done()
	a.follow(in, o.change)
	if o.edit {
		if edit, err = a.editEnv(ctx, in); err != nil {
			return out.end(event.Result{}, err)
		}
		if len(edit.Set)+len(edit.Unset) == 0 && bytes.Equal(edit.Whole, nil) {
			return out.end(event.Result{Message: "nothing to do: the file was not changed"}, nil)
		}
	}
	if o.change.dryRun {
		plan, err := in.PlanSet(ctx, edit)
		if err != nil {
			return out.end(event.Result{}, err)
		}
		return a.showPlan(plan)
	}
	if o.edit {
		if err := a.showEdit(ctx, in, edit); err != nil {
			return out.end(event.Result{}, err)
		}
	}
	result, err := in.Set(ctx, edit)
	return out.end(result, err)
}

// readVars reads the keys of the command line, and asks for values that are
// not there.
func (a *app) readVars(ctx context.Context, args []string) (plan.EnvEdit, error) {
	var e plan.EnvEdit
	lines := bufio.NewReader(a.stdin)
	for _, arg := range args {
		if !strings.Contains(arg, "=") {
			value, err := a.readValue(ctx, lines, arg)
			if err != nil {
				return e, err
			}
			e.Set = append(e.Set, plan.EnvVar{Key: arg, Value: value})
			continue
		}
		v, err := plan.ParseVar(arg)
		if err != nil {
			return e, usage("%v", err)
		}
		if v.Key == keyBroker {
			e.Broker = strings.TrimSpace(v.Value.Reveal())
			continue
		}
		if envfile.IsSecret(v.Key, v.Value.Reveal()) {
			fmt.Fprintf(a.stderr, "warning: others on this host could read %s in the list of processes; without a value it is asked for: openalgo-install set %[1]s\n", v.Key)
		}
		e.Set = append(e.Set, v)
	}
	return e, nil
}

func (a *app) readValue(ctx context.Context, lines *bufio.Reader, key string) (secret.Text, error) {
	if isTerminal(a.stdin) {
		text, err := a.readHidden(ctx, key+": ")
		if err != nil {
			return secret.Text{}, fmt.Errorf("reading %s: %w", key, err)
		}
		return secret.New(strings.TrimSpace(text)), nil
	}
	text, err := readfile.Line(ctx, lines, readfile.Config)
	switch {
	case ctx.Err() != nil:
		return secret.Text{}, errCancelled
	case errors.Is(err, readfile.ErrTooLarge):
		return secret.Text{}, usage("the value of %s: %v", key, err)
	case err != nil && text == "":
		return secret.Text{}, usage("%s has no value: write %[1]s=VALUE, or give it on stdin", key)
	}
	return secret.New(strings.TrimRight(text, "\r\n")), nil
}

// editEnv opens a copy of .env in the user's editor, and returns what changed.
func (a *app) editEnv(ctx context.Context, in *ops.Session) (plan.EnvEdit, error) {
	before, err := in.EnvText(ctx)
	if err != nil {
		return plan.EnvEdit{}, err
	}
	editor := os.Getenv("VISUAL")
	if editor == "" {
		editor = os.Getenv("EDITOR")
	}
	if editor == "" && !isTerminal(a.stdin) {
		return plan.EnvEdit{}, usage("--edit opens an editor, and there is no terminal for one: set EDITOR to a program that edits by itself, or write KEY=VALUE")
	}
	if editor == "" {
		editor = "vi"
	}
	dir, remove, err := in.Dir().EditDir()
	if err != nil {
		return plan.EnvEdit{}, err
	}
	defer remove()
	path := filepath.Join(dir, ".env")
	if err := os.WriteFile(path, before, 0o600); err != nil {
		return plan.EnvEdit{}, err
	}
	// An editor may be a command with arguments, as git takes it.
	cmd := exec.CommandContext(ctx, "sh", "-c", editor+` "$1"`, "sh", path)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = a.stdin, a.stderr, a.stderr
	if err := cmd.Run(); err != nil {
		return plan.EnvEdit{}, &finding.Error{Kind: finding.Failed, Err: fmt.Errorf("the editor %s ended with an error, nothing was changed: %w", editor, err)}
	}
	after, err := readfile.Regular(path, readfile.Config)
	if err != nil {
		return plan.EnvEdit{}, fmt.Errorf("reading what was edited: %w", err)
	}
	if bytes.Equal(before, after) {
		return plan.EnvEdit{}, nil
	}
	return plan.EditOf(before, after)
}

// showEdit shows what an editor changed, and asks whether that is meant.
func (a *app) showEdit(ctx context.Context, in *ops.Session, e plan.EnvEdit) error {
	plan, err := in.PlanSet(ctx, e)
	if err != nil {
		return err
	}
	if a.yes || !isTerminal(a.stdin) {
		return nil
	}
	plan.WriteText(a.stderr)
	return a.agree("\nOpenAlgo is made anew with this .env.")
}

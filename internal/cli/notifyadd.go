package cli

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/notify"
	"github.com/marketcalls/openalgo-install/internal/notify/target"
	"github.com/marketcalls/openalgo-install/internal/readfile"
	"github.com/marketcalls/openalgo-install/internal/secret"
	"github.com/marketcalls/openalgo-install/internal/terminal"
)

// notifyAdd is what the flags of notify add say of an address.
type notifyAdd struct {
	name, server, user, from string
	after                    string // what a ping is for
	to                       []string

	lines *terminal.Lines // nil: there is no terminal to ask on
}

func newNotifyAdd(a *app) *cobra.Command {
	var o notifyAdd
	cmd := &cobra.Command{
		Use:   "add KIND [{env:NAME}|{file:PATH}]",
		Short: "Add an address that messages go to",
		Long: `Add an address that messages go to. KIND is one of:

  telegram   a bot of yours. Make it with BotFather, send it a message, then
             enter its token. You are asked whether the chat is yours. Without a
             terminal, name the chat with --to
  email      a mailbox, by SMTP with TLS. Enter the password, or an app password
  ntfy       a topic of ntfy.sh, or the address of a topic elsewhere
  slack      the address of an incoming webhook
  discord    the address of a webhook
  webhook    a web address that takes JSON
  ping       a web address of healthchecks.io, Uptime Kuma or a similar service. It
             is called after each round of checks. The service tells you when no
             call comes, because this machine is down. With --for backups it is
             called after each good backup, and tells you when none was made

The secret is asked for without being shown. Without a terminal it is read from
stdin, or from {env:NAME} or {file:PATH}. An address of shoutrrr works as well. An
address with the same name is replaced. OpenAlgo keeps running.`,
		Example: `  openalgo-install notify add telegram
  openalgo-install notify add email --server smtp.gmail.com:587 --user me@gmail.com
  openalgo-install notify add ping '{file:/root/ping-address}'
  openalgo-install notify add ping --for backups`,
		Args: func(_ *cobra.Command, args []string) error {
			switch {
			case len(args) == 0:
				return usage("name what to add, one of: %s", target.Names()).With(finding.Anywhere("For example", "notify", "add", "telegram"))
			case !slices.Contains(target.Kinds(), target.Kind(args[0])):
				return usage("there is no such kind; one of: %s. The address itself is never a part of the command", target.Names()).
					With(finding.Anywhere("For example", "notify", "add", "telegram"))
			case len(args) > 2 || len(args) == 2 && !reference.MatchString(args[1]):
				return usage("the address is a secret and never a part of the command: leave it out, and enter it when asked. Or name where it is: {env:NAME} or {file:PATH}")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			n, err := notifier(a)
			if err != nil {
				return err
			}
			return o.run(cmd.Context(), a, n, target.Kind(args[0]), args[1:])
		},
	}
	cmd.Flags().StringVar(&o.name, "name", "", "name of the address (default: its kind)")
	cmd.Flags().StringSliceVar(&o.to, "to", nil, "telegram: number of the chat; email: recipient")
	cmd.Flags().StringVar(&o.server, "server", "", "email: server and port, NAME:PORT; telegram: another API")
	cmd.Flags().StringVar(&o.user, "user", "", "email: user name for the login")
	cmd.Flags().StringVar(&o.from, "from", "", "email: sender (default: the user)")
	cmd.Flags().StringVar(&o.after, "for", "", "ping: backups, to be called after each good backup instead of each round")
	return cmd
}

// reference is where a secret is.
var reference = regexp.MustCompile(`^\{\s*(env|file)\s*:\s*(.+?)\s*\}$`)

func (o *notifyAdd) run(ctx context.Context, a *app, n *notify.Notifier, kind target.Kind, at []string) error {
	if isTerminal(a.stdin) {
		o.lines = terminal.NewLines(a.stdin, a.stderr)
	}
	text, err := o.secret(ctx, a, kind, strings.Join(at, ""))
	if err != nil {
		return err
	}
	t, err := target.Parse(kind, text.Reveal())
	if err != nil {
		return notify.Invalid(err)
	}
	if t.For = o.after; t.For != "" {
		t.Name = string(kind) + "-" + t.For // beside the one of the rounds
	}
	o.fill(ctx, &t)
	if err := t.Check(); err != nil {
		return notify.Invalid(err)
	}
	chat := ""
	if t.Kind == target.Telegram && len(t.To) == 0 {
		if chat, err = findChat(ctx, o.lines, n, &t); err != nil {
			return err
		}
	}
	if err := n.Add(ctx, t); err != nil {
		return err
	}
	said := fmt.Sprintf("Messages go to %s (%s, %s).%s\nSend a test: %s", t.Name, t.Kind, t.Host(), chat, a.prompt().Command("notify", "test", t.Name))
	if t.Kind == target.Ping {
		after := "round of checks"
		if t.For != "" {
			after = "good backup"
		}
		said = fmt.Sprintf("%s (%s) is called after each "+after+".\nSend a test: %s", t.Name, t.Host(), a.prompt().Command("notify", "test", t.Name))
	}
	return told(a, said, map[string]any{"name": t.Name, "kind": t.Kind, "host": t.Host()})
}

// fill adds what the flags say, and asks a person for what is missing.
func (o *notifyAdd) fill(ctx context.Context, t *target.Target) {
	t.Name, t.Server, t.User = cmp.Or(o.name, t.Name), cmp.Or(o.server, t.Server), cmp.Or(o.user, t.User)
	if len(o.to) > 0 {
		t.To = o.to
	}
	if t.Kind != target.Email {
		return
	}
	ask := func(to *string, question string) {
		if *to == "" && o.lines != nil {
			answer, _ := o.lines.Ask(ctx, question, false) // nothing is what Check refuses
			*to = strings.TrimSpace(answer)
		}
	}
	ask(&t.Server, "Mail server and port, for example smtp.gmail.com:587: ")
	ask(&t.User, "User: ")
	t.From = cmp.Or(o.from, t.From, t.User)
	if len(t.To) == 0 {
		t.To = []string{t.From}
	}
}

// questionOf is what is asked for, by kind.
var questionOf = map[target.Kind]string{
	target.Telegram: "Token of your bot (from BotFather): ", target.Email: "Password, or app password: ",
	target.Ntfy: "Topic, or its whole address: ",
}

// secret reads the secret from where it is said to be, from the terminal or from
// stdin.
func (o *notifyAdd) secret(ctx context.Context, a *app, kind target.Kind, at string) (secret.Text, error) {
	if at == "" {
		text, err := o.entered(ctx, a, cmp.Or(questionOf[kind], "Address: "))
		if err != nil || !reference.MatchString(text) {
			return secret.New(text), err
		}
		at = text // a program may pass on where the secret is
	}
	found := reference.FindStringSubmatch(at)
	if found[1] == "env" {
		value, ok := os.LookupEnv(found[2])
		if !ok {
			return secret.Text{}, usage("the environment variable %s is not set; export it first (sudo drops variables unless -E or --preserve-env keeps them)", found[2])
		}
		return secret.New(strings.TrimSpace(value)), nil
	}
	text, err := readfile.Input(ctx, found[2], readfile.Secret)
	if ctx.Err() != nil {
		return secret.Text{}, errCancelled
	}
	if err != nil {
		return secret.Text{}, usage("reading the secret: %v", err)
	}
	return secret.New(strings.TrimSpace(string(text))), nil
}

// entered asks on a terminal, and reads stdin without one.
func (o *notifyAdd) entered(ctx context.Context, a *app, question string) (string, error) {
	if o.lines != nil {
		text, err := o.lines.Ask(ctx, question, true)
		if err != nil {
			return "", errCancelled
		}
		return strings.TrimSpace(text), nil
	}
	text, err := readfile.Stream(ctx, a.stdin, "stdin", readfile.Secret)
	if ctx.Err() != nil {
		return "", errCancelled
	}
	if err != nil {
		return "", usage("reading the address from stdin: %v", err)
	}
	return strings.TrimSpace(string(text)), nil
}

package cli

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/market"
	"github.com/marketcalls/openalgo-install/internal/notify"
	"github.com/marketcalls/openalgo-install/internal/printable"
	"github.com/marketcalls/openalgo-install/internal/userns"
)

func init() { register(newNotify) }

func newNotify(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "notify",
		Short: "Choose where messages about OpenAlgo go",
		Long: `Choose where openalgo-install sends messages about every instance of this
machine: Telegram, e-mail, ntfy, Slack, Discord or a webhook. An address is a
secret: it is asked for without being shown, or read from stdin, and kept in a
file that only you can read. It is never a part of a command.

A message that cannot be sent is kept for 3 days and sent later. OpenAlgo keeps
running.`,
		Example: `  openalgo-install notify add telegram
  openalgo-install notify test
  openalgo-install notify list`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return unknownCommand(cmd, args[0])
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newNotifyAdd(a), newNotifyTest(a), newNotifyList(a), newNotifyRemove(a), newNotifyRules(a))
	return cmd
}

// notifier returns the notifier of this machine. It refuses another user than the owner of
// the instance: the watch of the owner would not read that user's addresses.
func notifier(a *app) (*notify.Notifier, error) {
	dir, err := instance.Abs(a.dir)
	if err != nil {
		return nil, err
	}
	if _, err := os.Lstat(dir); err == nil && !userns.IsRoot() && !instance.IsMine(dir) {
		return nil, finding.Named(finding.HostNotReady, "notify-owner", "the instance in %s belongs to another user, and so do the addresses for its messages", dir).
			With(finding.Hint{Do: "Run the same command with sudo"}).Ending(finding.Unchanged)
	}
	return notify.New(currentVersion()), nil
}

func newNotifyTest(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "test [NAME]",
		Short: "Send a test message, and show what the service answers",
		Long: `Send a test message to every address, or only to the address NAME. The result
says whether each service accepted the message, and if not, what to do.`,
		Example: `  openalgo-install notify test
  openalgo-install notify test telegram --json`,
		Args: atMostOne("notify test", "name"),
		RunE: func(cmd *cobra.Command, args []string) error {
			n, err := notifier(a)
			if err != nil {
				return err
			}
			tested, err := n.Test(cmd.Context(), strings.Join(args, ""))
			if err != nil {
				return err
			}
			return showTests(a, tested)
		},
	}
}

// showTests prints how each test ended; the first failure is the command's.
func showTests(a *app, tested []notify.Tested) error {
	type result struct {
		notify.Tested
		OK    bool           `json:"ok"`
		Hints []finding.Hint `json:"hints,omitempty"`
	}
	var failed error
	doc := struct {
		OK      bool     `json:"ok"`
		Results []result `json:"results"`
	}{OK: true}
	for _, t := range tested {
		r := result{Tested: t, OK: t.Err == nil}
		if t.Err != nil {
			r.ID, r.Error, r.Hints = t.Err.ID, t.Err.Error(), finding.HintsOf(t.Err)
			doc.OK, failed = false, errors.Join(failed, t.Err)
		}
		doc.Results = append(doc.Results, r)
	}
	if a.json {
		if err := a.writeJSON(doc); err != nil {
			return err
		}
	} else {
		for _, r := range doc.Results {
			if r.OK {
				fmt.Fprintf(a.stdout, "ok    %s (%s, %s): the message was sent\n", r.Name, r.Kind, r.Host)
				continue
			}
			fmt.Fprintf(a.stdout, "FAIL  %s (%s, %s): %s\n", r.Name, r.Kind, r.Host, printable.Line(r.Error))
			for _, h := range r.Hints {
				fmt.Fprintf(a.stdout, "      -> %s\n", strings.Join(strings.Fields(a.prompt().Hints([]finding.Hint{h})), " "))
			}
		}
	}
	if failed != nil {
		return &toldError{failed}
	}
	return nil
}

func newNotifyList(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the addresses, and how the last message went",
		Long: `List where messages go: name, kind and server of each address, when a message
was last sent, and why the last one failed. Secrets are not shown.`,
		Example: `  openalgo-install notify list
  openalgo-install notify list --json`,
		Args: noArgs,
		RunE: func(*cobra.Command, []string) error {
			n, err := notifier(a)
			if err != nil {
				return err
			}
			states, err := n.States()
			if err != nil {
				return err
			}
			rules, err := n.Rules()
			if err != nil {
				return err
			}
			if a.json {
				return a.writeJSON(struct {
					Targets []notify.State `json:"targets"`
					Rules   rulesJSON      `json:"rules"`
				}{states, rulesOf(rules)})
			}
			return showStates(a, states)
		},
	}
}

func showStates(a *app, states []notify.State) error {
	if len(states) == 0 {
		fmt.Fprintf(a.stdout, "There is no address for messages yet. To add one: %s\n", a.prompt().Command("notify", "add", "telegram"))
		return nil
	}
	table := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "NAME\tKIND\tSERVER\tLAST MESSAGE")
	for _, s := range states {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", s.Name, s.Kind, s.Host, lastMessage(s))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for _, line := range notify.Failing(states) {
		fmt.Fprintf(a.stdout, "\n%s\n", printable.Line(line))
	}
	return nil
}

func lastMessage(s notify.State) string {
	text := "none"
	switch {
	case s.Fails():
		text = "failed " + market.Text(s.Failed)
	case !s.Sent.IsZero():
		text = "sent " + market.Text(s.Sent)
	}
	if s.Waiting > 0 {
		text += ", " + printable.Count(s.Waiting, "message") + " waiting"
	}
	return text
}

func newNotifyRemove(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "remove NAME",
		Short: "Send no more messages to an address",
		Long: `Forget an address, its secret, and the messages that wait for it. The service
itself is not changed: delete the bot or the webhook there if you no longer need
it.`,
		Example: `  openalgo-install notify remove telegram`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usage("notify remove takes one name").With(finding.Anywhere("List the names", "notify", "list"))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			n, err := notifier(a)
			if err != nil {
				return err
			}
			if err := n.Remove(cmd.Context(), args[0]); err != nil {
				return err
			}
			return told(a, args[0]+" gets no more messages.", map[string]any{"removed": args[0]})
		},
	}
}

// told ends a command that changed something small.
func told(a *app, text string, doc map[string]any) error {
	if a.json {
		doc["ok"] = true
		return a.writeJSON(doc)
	}
	fmt.Fprintln(a.stdout, text)
	return nil
}

func atMostOne(command, what string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) > 1 {
			return usage("%s takes one %s at most", command, what)
		}
		return nil
	}
}

func newNotifyRules(a *app) *cobra.Command {
	var repeat, urgent time.Duration
	var quiet string
	cmd := &cobra.Command{
		Use:   "rules",
		Short: "Show or set when a problem is told again",
		Long: `Show or set when you are told. Each problem is told once, and its end once. A
problem that lasts is told again after --repeat. While a market is open, an
instance that is not ready is told again after --urgent. Warnings wait for the
end of the quiet hours; problems do not.`,
		Example: `  openalgo-install notify rules
  openalgo-install notify rules --repeat 12h --quiet 22:00-06:00
  openalgo-install notify rules --quiet off`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			n, err := notifier(a)
			if err != nil {
				return err
			}
			rules, err := n.Rules()
			if err != nil {
				return err
			}
			if f := cmd.Flags(); f.Changed("repeat") || f.Changed("urgent") || f.Changed("quiet") {
				if f.Changed("repeat") {
					rules.Repeat = repeat
				}
				if f.Changed("urgent") {
					rules.Urgent = urgent
				}
				if f.Changed("quiet") {
					if rules.Quiet, err = notify.ParseHours(quiet); err != nil {
						return usage("--quiet: %v", err)
					}
				}
				if err := n.SetRules(cmd.Context(), rules); err != nil {
					return err
				}
			}
			r := rulesOf(rules)
			if a.json {
				return a.writeJSON(r)
			}
			fmt.Fprintf(a.stdout, "A problem is told again after %s, an urgent one after %s while a market is open.\nQuiet hours for warnings: %s\n", r.Repeat, r.Urgent, r.Quiet)
			return nil
		},
	}
	cmd.Flags().DurationVar(&repeat, "repeat", notify.Usual, "tell a problem again after this time, for example 12h")
	cmd.Flags().DurationVar(&urgent, "urgent", notify.UsualUrgent, "tell it again after this time while a market is open and OpenAlgo is not ready")
	cmd.Flags().StringVar(&quiet, "quiet", "off", "hours in IST in which no warning is sent, for example 22:00-06:00")
	return cmd
}

// rulesJSON is the rules with what they are by default, for a person and for programs.
type rulesJSON struct {
	Repeat string `json:"repeat"`
	Urgent string `json:"urgent"`
	Quiet  string `json:"quiet"`
}

func rulesOf(r notify.Rules) rulesJSON {
	if r.Repeat == 0 {
		r.Repeat = notify.Usual
	}
	if r.Urgent == 0 {
		r.Urgent = notify.UsualUrgent
	}
	// "6h0m0s" as a person enters it.
	short := func(d time.Duration) string { return strings.NewReplacer("m0s", "m", "h0m0s", "h").Replace(d.String()) }
	return rulesJSON{short(r.Repeat), short(r.Urgent), r.Quiet.String()}
}

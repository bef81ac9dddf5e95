package cli

import (
	"context"
	"fmt"
	"slices"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/notify"
	"github.com/marketcalls/openalgo-install/internal/notify/target"
	"github.com/marketcalls/openalgo-install/internal/terminal"
)

// keepAddresses keeps the addresses for messages of the answers, after an install that
// succeeded. They belong to the machine, and so to no plan of an instance: that one
// cannot be kept is a warning.
func keepAddresses(ctx context.Context, a *app, all []answers.Named) {
	var wanted []target.Target
	for _, one := range all {
		for _, t := range one.Answers.Notify {
			if !slices.ContainsFunc(wanted, func(w target.Target) bool { return w.Name == t.Name }) {
				wanted = append(wanted, t)
			}
		}
	}
	if len(wanted) == 0 {
		return
	}
	out := a.stdout
	if a.json {
		out = a.stderr
	}
	n, err := notifier(a)
	if err != nil {
		warn(a.stderr, a.prompt(), finding.Warn("notify-not-kept", "no messages are sent: %w", err))
		return
	}
	var lines *terminal.Lines // nil: there is no terminal to ask on
	if isTerminal(a.stdin) && isTerminal(a.stderr) {
		lines = terminal.NewLines(a.stdin, a.stderr)
	}
	for _, t := range wanted {
		chat, fresh, err := keepAddress(ctx, lines, n, t)
		switch {
		case err != nil:
			warn(a.stderr, a.prompt(), finding.Warn("notify-not-kept", "no messages go to %s: %w", t.Name, err).With(finding.HintsOf(err)...))
		case fresh:
			fmt.Fprintf(out, "Messages go to %s (%s, %s).%s\n", t.Name, t.Kind, t.Host(), chat)
		}
	}
}

// keepAddress keeps one, unless this machine has it.
func keepAddress(ctx context.Context, lines *terminal.Lines, n *notify.Notifier, t target.Target) (chat string, fresh bool, err error) {
	have, err := n.Targets()
	if err != nil {
		return "", false, err
	}
	i := slices.IndexFunc(have, func(h target.Target) bool { return h.Name == t.Name && h.Kind == t.Kind })
	// Saved answers have no secret, and a chat that was found stays.
	if i >= 0 && t.Secret.Empty() && t.Kind != target.Email {
		return "", false, nil
	}
	if i >= 0 && len(t.To) == 0 {
		t.To = have[i].To
	}
	if i >= 0 && t.Secret.Empty() {
		t.Secret = have[i].Secret
	}
	if i >= 0 && t.Secret == have[i].Secret && t.Server == have[i].Server && t.User == have[i].User && t.From == have[i].From && slices.Equal(t.To, have[i].To) {
		return "", false, nil
	}
	if t.Secret.Empty() && t.Kind != target.Email {
		return "", false, finding.Named(finding.Usage, "notify-no-secret", "saved answers hold no secrets, and this machine has none for it").
			With(finding.Anywhere("Enter it", "notify", "add", string(t.Kind)))
	}
	if t.Kind == target.Telegram && len(t.To) == 0 {
		if chat, err = findChat(ctx, lines, n, &t); err != nil {
			return "", false, err
		}
	}
	return chat, true, n.Add(ctx, t)
}

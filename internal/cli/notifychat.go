package cli

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/notify"
	"github.com/marketcalls/openalgo-install/internal/notify/target"
	"github.com/marketcalls/openalgo-install/internal/printable"
	"github.com/marketcalls/openalgo-install/internal/terminal"
)

// findChat asks Telegram who has written to the bot, and the user which of these they
// are: other people may have found the bot. Where nobody can be asked, the chat must be named.
func findChat(ctx context.Context, lines *terminal.Lines, n *notify.Notifier, t *target.Target) (string, error) {
	chats, err := n.Chats(ctx, *t)
	if err != nil {
		return "", err
	}
	if len(chats) == 0 {
		return "", finding.Named(finding.HostNotReady, "notify-chat-unknown", "the bot has no message from you yet, so the chat is not known").
			With(finding.Anywhere("Open your bot in Telegram, press Start, send it a message, then enter the token again", "notify", "add", "telegram")).Ending(finding.Unchanged)
	}
	chat := chats[0]
	if len(chats) > 1 {
		if chat, err = chosenChat(ctx, lines, chats); err != nil {
			return "", err
		}
	} else if !isMine(ctx, lines, chat) {
		return "", finding.Named(finding.Usage, "notify-chat-unconfirmed", "one chat has written to this bot, and you have not confirmed that it is yours:%s", chatLines(chats)).
			With(chatNamed(chat), finding.Hint{Do: "In an answers file, add: to: " + chat.ID}).Ending(finding.Unchanged)
	}
	t.To = []string{chat.ID}
	return fmt.Sprintf(" The chat is that with %s (%s).", nameOf(chat), chat.ID), nil
}

func chatNamed(c notify.Chat) finding.Hint {
	return finding.Anywhere("If it is yours, name it", "notify", "add", "telegram", "--to", c.ID)
}

// nameOf is how the person of a chat calls themselves.
func nameOf(c notify.Chat) string { return cmp.Or(printable.Line(c.Name), "a chat without a name") }

func chatLines(chats []notify.Chat) string {
	var out strings.Builder
	for _, c := range chats {
		out.WriteString("\n  " + c.ID + "  " + nameOf(c))
	}
	return out.String()
}

func isMine(ctx context.Context, lines *terminal.Lines, c notify.Chat) bool {
	if lines == nil {
		return false
	}
	text, err := lines.Ask(ctx, fmt.Sprintf("%s (%s) has written to this bot. Is that you, and shall messages go there? [no]: ", nameOf(c), c.ID), false)
	return err == nil && answers.IsYes(text)
}

func chosenChat(ctx context.Context, lines *terminal.Lines, chats []notify.Chat) (notify.Chat, error) {
	if lines != nil {
		lines.Say("Several chats have written to this bot:%s", chatLines(chats))
		text, _ := lines.Ask(ctx, "Number of yours: ", false) // nothing is none of them
		if i := slices.IndexFunc(chats, func(c notify.Chat) bool { return c.ID == strings.TrimSpace(text) }); i >= 0 {
			return chats[i], nil
		}
	}
	return notify.Chat{}, finding.Named(finding.Usage, "notify-chat-several", "several chats have written to this bot:%s", chatLines(chats)).
		With(chatNamed(chats[0])).Ending(finding.Unchanged)
}

package notify

import (
	"context"
	"encoding/json"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/notify/target"
)

// The longest text that each service takes, in bytes, which is less than its own limit
// in characters.
const (
	mostTelegram = 4000
	mostNtfy     = 3900
	mostSlack    = 3900
	mostDiscord  = 1900
)

// said is the answer of Telegram.
type said struct {
	OK          bool   `json:"ok"`
	Description string `json:"description"`
	Parameters  struct {
		RetryAfter int   `json:"retry_after"`
		MigrateTo  int64 `json:"migrate_to_chat_id"`
	} `json:"parameters"`
	Result json.RawMessage `json:"result"`
}

// telegram calls a method of a bot.
func telegram(ctx context.Context, c *courier, t target.Target, method string, doc any) (said, *trouble) {
	var s said
	a, err := c.post(ctx, t.API()+"/bot"+t.Secret.Reveal()+"/"+method, doc)
	if err != nil {
		return s, err
	}
	decoded := json.Unmarshal(a.body, &s) == nil
	switch {
	case decoded && s.OK && a.status == http.StatusOK:
		return s, nil
	case a.status == http.StatusUnauthorized || a.status == http.StatusNotFound:
		return s, &trouble{err: finding.Named(finding.Failed, "notify-refused", "Telegram does not know this token (%d)", a.status).
			With(finding.Anywhere("Ask BotFather for the token, then enter it", "notify", "add", "telegram"))}
	case a.status == http.StatusTooManyRequests && s.Parameters.RetryAfter > 0:
		a.header.Set("Retry-After", strconv.Itoa(s.Parameters.RetryAfter))
	case s.Parameters.MigrateTo != 0:
		return s, unknownChat("the group has become a supergroup with another number, " + strconv.FormatInt(s.Parameters.MigrateTo, 10))
	case strings.Contains(s.Description, "chat not found"):
		return s, unknownChat("Telegram finds no such chat for this bot")
	case a.status == http.StatusForbidden:
		return s, unknownChat("the bot may not write to this chat (" + cut(s.Description, 100) + ")")
	}
	if decoded {
		a.body = []byte(s.Description)
	}
	if err := a.judge("Telegram"); err != nil {
		return s, err
	}
	return s, a.refused("Telegram", "its API is another one")
}

func unknownChat(why string) *trouble {
	return &trouble{err: finding.Named(finding.Failed, "notify-chat-unknown", "the bot cannot write to its chat: %s", why).
		With(finding.Anywhere("Open the chat with your bot in Telegram, send it a message, then enter the bot again", "notify", "add", "telegram"))}
}

func sendTelegram(ctx context.Context, c *courier, t target.Target, l letter) *trouble {
	if len(t.To) == 0 {
		return unknownChat("it is not known to which chat the bot should write")
	}
	var some someOf
	for _, chat := range t.To {
		_, err := telegram(ctx, c, t, "sendMessage", map[string]any{
			"chat_id": chat, "text": cut(l.body, mostTelegram), "link_preview_options": map[string]bool{"is_disabled": true}, "disable_notification": l.severity == Info,
		})
		some.add(err)
	}
	return some.trouble()
}

// someOf is how a letter to several recipients went. Those who have it must not get it
// again because another one has not.
type someOf struct {
	taken int
	err   *trouble // the first
}

func (s *someOf) add(err *trouble) {
	switch {
	case err == nil:
		s.taken++
	case s.err == nil:
		s.err = err
	}
}

func (s *someOf) trouble() *trouble {
	if s.err != nil && s.taken > 0 {
		s.err.taken = true
	}
	return s.err
}

// Chat is a chat that somebody has begun with a bot.
type Chat struct {
	ID   string
	Name string
}

// Chats lists who has written to a bot of Telegram within the last day.
func (c *courier) Chats(ctx context.Context, t target.Target) ([]Chat, error) {
	ctx, cancel := context.WithTimeout(ctx, c.limit)
	defer cancel()
	s, fault := telegram(ctx, c, t, "getUpdates", map[string]any{"limit": 100, "timeout": 0})
	if fault != nil {
		return nil, c.quiet(t, fault).err
	}
	type from struct {
		Chat struct {
			ID        int64  `json:"id"`
			Title     string `json:"title"`
			FirstName string `json:"first_name"`
			LastName  string `json:"last_name"`
			Username  string `json:"username"`
		} `json:"chat"`
	}
	var updates []struct {
		Message     *from `json:"message"`
		ChannelPost *from `json:"channel_post"`
		Member      *from `json:"my_chat_member"`
	}
	if err := json.Unmarshal(s.Result, &updates); err != nil {
		return nil, finding.Named(finding.Failed, "notify-refused", "Telegram gave an answer that is not a list of messages")
	}
	var out []Chat
	seen := map[int64]bool{}
	for _, u := range updates {
		for _, f := range []*from{u.Message, u.ChannelPost, u.Member} {
			if f == nil || f.Chat.ID == 0 || seen[f.Chat.ID] {
				continue
			}
			seen[f.Chat.ID] = true
			chat := f.Chat
			name := strings.Join(strings.Fields(chat.Title+" "+chat.FirstName+" "+chat.LastName), " ")
			if chat.Username != "" {
				name = strings.TrimSpace(name + " (@" + chat.Username + ")")
			}
			out = append(out, Chat{strconv.FormatInt(chat.ID, 10), cut(c.tidy(Message{Title: name}).Title, 100)})
		}
	}
	return out, nil
}

// priorities are ntfy's, by severity.
var priorities = [...]string{Info: "2", Warning: "3", Problem: "5"}

func sendNtfy(ctx context.Context, c *courier, t target.Target, l letter) *trouble {
	sign := [...]string{Info: "information_source", Warning: "warning", Problem: "rotating_light"}[l.severity]
	if l.ended {
		sign = "white_check_mark"
	}
	a, err := c.call(ctx, http.MethodPost, t.Secret.Reveal(), []byte(cut(l.body, mostNtfy)),
		"Title", mime.QEncoding.Encode("utf-8", l.title), "Priority", priorities[l.severity], "Tags", sign)
	if err != nil {
		return err
	}
	return a.judge(t.Host())
}

func sendSlack(ctx context.Context, c *courier, t target.Target, l letter) *trouble {
	text := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(cut(l.body, mostSlack))
	a, err := c.post(ctx, t.Secret.Reveal(), map[string]string{"text": text})
	if err != nil {
		return err
	}
	return a.judge("Slack")
}

func sendDiscord(ctx context.Context, c *courier, t target.Target, l letter) *trouble {
	// No text of a message may call on everybody in the channel.
	a, err := c.post(ctx, t.Secret.Reveal(), map[string]any{"content": cut(l.body, mostDiscord), "allowed_mentions": map[string][]string{"parse": {}}})
	if err != nil {
		return err
	}
	return a.judge("Discord")
}

// event is a message as webhooks get it.
type event struct {
	Event    string    `json:"event"`
	Severity string    `json:"severity"`
	Instance string    `json:"instance"`
	State    string    `json:"state"` // problem, ended or told
	Since    time.Time `json:"since"`
	At       time.Time `json:"at"`
	Text     string    `json:"text"`
	Command  string    `json:"command,omitempty"`
}

func eventOf(m Message) event {
	e := event{Event: m.Event, Severity: m.Severity.String(), Instance: m.Instance, State: "problem", Since: m.Since, At: m.At, Text: m.sentence(), Command: m.Command}
	switch {
	case m.Ended:
		e.State = "ended"
	case m.Severity == Info:
		e.State = "told"
	}
	if e.Since.IsZero() {
		e.Since = m.At
	}
	return e
}

func sendWebhook(ctx context.Context, c *courier, t target.Target, l letter) *trouble {
	doc := struct {
		event
		Version string  `json:"version"`
		Host    string  `json:"host"`
		Events  []event `json:"events"`
	}{Version: l.version, Host: l.host}
	worst := 0
	for i, m := range l.messages {
		doc.Events = append(doc.Events, eventOf(m))
		if w := l.messages[worst]; !m.Ended && (w.Ended || m.Severity > w.Severity) {
			worst = i
		}
	}
	doc.event = doc.Events[worst]
	if len(l.messages) > 1 {
		doc.Text = l.body
	}
	a, err := c.post(ctx, t.Secret.Reveal(), doc)
	if err != nil {
		return err
	}
	return a.judge(t.Host())
}

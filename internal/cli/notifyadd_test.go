package cli

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/creack/pty"

	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/notify"
)

// On a terminal the secret is asked for, and not shown; so is what is missing of an
// e-mail.
func TestNotifyAddAsks(t *testing.T) {
	t.Setenv("XDG_STATE_HOME", t.TempDir())
	screen, tty, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer screen.Close()
	shown := make(chan string, 1)
	go func() {
		text, _ := io.ReadAll(screen)
		shown <- string(text)
	}()
	// Each is typed once its question is asked: before, the terminal would show it.
	asks := &typist{to: screen, answers: []string{"canary-password\n", "smtp.example.com:587\n", "me@example.com\n"}}
	var out bytes.Buffer
	a := &app{stdin: tty, stdout: &out, stderr: asks, dir: t.TempDir()}
	cmd := newRoot(a)
	cmd.SetArgs([]string{"notify", "add", "email", "--dir", a.dir})
	if err := cmd.ExecuteContext(t.Context()); err != nil {
		t.Fatal(err)
	}
	_ = tty.Close()
	if text := <-shown + out.String() + asks.said; strings.Contains(text, "canary") || !strings.Contains(text, "Messages go to email (email, smtp.example.com)") {
		t.Errorf("shown: %s", text)
	}
	all, err := notify.New("").Targets()
	if err != nil || len(all) != 1 || all[0].Secret.Reveal() != "canary-password" || all[0].From != "me@example.com" || all[0].To[0] != "me@example.com" {
		t.Errorf("%+v, %v", all, err)
	}
}

// Whoever wrote to the bot first is no recipient until the user says so.
func TestNotifyAddAsksForTheChat(t *testing.T) {
	const ravi, both = `{"message":{"chat":{"id":123,"first_name":"Ravi"}}}`, `{"message":{"chat":{"id":123,"first_name":"Ravi"}}},{"message":{"chat":{"id":66,"first_name":"Eve\u001b[2J"}}}`
	for name, c := range map[string]struct {
		chats, answer, to, id string
	}{
		"yes":             {ravi, "yes\n", "123", ""},
		"no":              {ravi, "no\n", "", "notify-chat-unconfirmed"},
		"nothing":         {ravi, "\n", "", "notify-chat-unconfirmed"},
		"one of two":      {both, "123\n", "123", ""},
		"neither of both": {both, "7\n", "", "notify-chat-several"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("XDG_STATE_HOME", t.TempDir())
			api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				fmt.Fprintf(w, `{"ok":true,"result":[%s]}`, c.chats)
			}))
			defer api.Close()
			screen, tty, err := pty.Open()
			if err != nil {
				t.Fatal(err)
			}
			defer screen.Close()
			defer tty.Close()
			go func() { _, _ = io.Copy(io.Discard, screen) }()
			asks := &typist{to: screen, answers: []string{"110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw\n", c.answer}}
			var out bytes.Buffer
			a := &app{stdin: tty, stdout: &out, stderr: asks, dir: t.TempDir()}
			cmd := newRoot(a)
			cmd.SetArgs([]string{"notify", "add", "telegram", "--server", api.URL, "--dir", a.dir})
			err = cmd.ExecuteContext(t.Context())
			all, _ := notify.New("").Targets()
			got := ""
			if len(all) > 0 {
				got = strings.Join(all[0].To, " ")
			}
			if got != c.to || finding.IDOf(err) != c.id || !strings.Contains(asks.said, "Ravi") || strings.Contains(asks.said, "\x1b") {
				t.Errorf("messages go to %q; %v\n%s", got, err, asks.said)
			}
		})
	}
}

// typist answers each question as it is printed.
type typist struct {
	to      io.Writer
	answers []string
	said    string
}

func (w *typist) Write(p []byte) (int, error) {
	w.said += string(p)
	if strings.HasSuffix(string(p), ": ") && len(w.answers) > 0 {
		next := w.answers[0]
		w.answers = w.answers[1:]
		_, _ = io.WriteString(w.to, next)
	}
	return len(p), nil
}

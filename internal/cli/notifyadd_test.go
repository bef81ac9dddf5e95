package cli

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/creack/pty"

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

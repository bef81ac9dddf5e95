package wizard_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/terminal"
	"github.com/marketcalls/openalgo-install/internal/wizard"
)

// asked runs the questions with lines as the input, and returns what was said.
func asked(t *testing.T, lines ...string) (answers.Answers, *wizard.Plain, string, error) {
	t.Helper()
	var out bytes.Buffer
	w := wizard.NewPlain(terminal.NewLines(strings.NewReader(strings.Join(lines, "\n")+"\n"), &out), nil)
	a, err := w.Ask(t.Context())
	return a, w, out.String(), err
}

func TestTheQuestionsFillTheAnswers(t *testing.T) {
	a, _, said, err := asked(t, "algo.example.com", "off", "zerodha", "", "key-1234", "secret-1234", "no")
	if err != nil {
		t.Fatal(err)
	}
	if a.Domain != "algo.example.com" || a.Broker.Name != "zerodha" || a.Broker.APIKey.Reveal() != "key-1234" || a.TLS.Mode != "off" ||
		a.Image.Ref != answers.DefaultImage || a.Ports.Web != 5000 {
		t.Errorf("%+v", a)
	}
	if !strings.Contains(said, "https://algo.example.com/zerodha/callback") || strings.Contains(said, "secret-1234") {
		t.Errorf("the redirect URL is missing, or a secret is there:\n%s", said)
	}
}

func TestPlainMessagesAndBackups(t *testing.T) {
	a, w, said, err := asked(t, "", "zerodha", "", "key-1234", "secret-1234", "messages", "", "off", "ntfy", "openalgo-x7k2m9", "store", "/nowhere", "rclone:drive:openalgo", "25:00", "03:10", "")
	b := w.Beside(a)
	if err != nil || !b.Watch.Enabled || b.Watch.PreOpen != "off" || len(b.Notify) != 1 || b.Notify[0].Kind != "ntfy" || b.Backup.To != "rclone:drive:openalgo" || b.Backup.At != "03:10" || b.Backup.Keep != 14 {
		t.Errorf("%v: %+v\n%s", err, b, said)
	}
	if strings.Contains(said, "x7k2m9\n") || strings.Count(said, "Not valid:") != 2 || !strings.Contains(said, "telegram") {
		t.Error(said)
	}
}

// A word at the first question does something else; at another one it is an answer.
func TestPlainInstead(t *testing.T) {
	for lines, want := range map[string]bool{"adopt": true, " adopt ": true, "x.example.com\nadopt": false} {
		var out bytes.Buffer
		w := wizard.NewPlain(terminal.NewLines(strings.NewReader(lines+"\n"), &out), nil)
		w.Instead = []string{"restore", "adopt"}
		_, err := w.Ask(t.Context())
		chosen := wizard.Chosen(-1)
		if errors.As(err, &chosen) != want || want && chosen != 1 {
			t.Errorf("%q: %v\n%s", lines, err, out.String())
		}
	}
}

func TestEachKindOfBroker(t *testing.T) {
	for name, c := range map[string]struct {
		lines []string
		says  string
		wrong bool
	}{
		"xts":                    {[]string{"", "iifl", "", "k-123456", "s-123456", "mk-123456", "ms-123456", "no"}, "API key for market data", false},
		"not xts":                {[]string{"", "groww", "", "k-123456", "s-123456", "no"}, "http://127.0.0.1:5000/groww/callback", false},
		"crypto":                 {[]string{"", "deltaexchange", "", "k-123456", "s-123456", "no"}, "deltaexchange/callback", false},
		"three parts":            {[]string{"", "fivepaisa", "", "bare", "u:::i:::c", "s-123456", "no"}, "three colons", false},
		"may be empty":           {[]string{"", "indmoney", "", "k-123456", "", "no"}, "Optional.", false},
		"no such broker":         {[]string{"", "zerodah", "zerodha", "", "k-123456", "s-123456", "no"}, "zerodha", false},
		"a wrong domain":         {[]string{"http://x", "x.example.com", "off", "zerodha", "", "k-123456", "s-123456", "no"}, "Not valid:", false},
		"blanks around a secret": {[]string{"", "zerodha", "", "  k-123456 ", "s-123456", "no"}, "spaces around it were removed", false},
		"neither yes nor no":     {[]string{"", "zerodha", "", "k-123456", "s-123456", "perhaps", "no"}, "answer yes or no", false},
		"advanced": {[]string{"", "zerodha", "", "k-123456", "s-123456", "yes", "rehearsal", "99999", "5001", "5001", "8766", "0", "2", "1g", "512"},
			"http://127.0.0.1:5001/zerodha/callback", false},
		"remote MCP":           {[]string{"x.example.com", "off", "zerodha", "", "k-123456", "s-123456", "yes", "rehearsal", "", "", "", "", "", "yes"}, "place orders", false},
		"the end of the input": {[]string{"", "zerodha"}, "", true},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, said, err := asked(t, c.lines...)
			if errors.Is(err, terminal.ErrEnded) != c.wrong || err != nil && !c.wrong {
				t.Fatalf("%v\n%s", err, said)
			}
			if !strings.Contains(said, c.says) {
				t.Errorf("%q is not said:\n%s", c.says, said)
			}
			if name == "not xts" && strings.Contains(said, "market data") {
				t.Error("a hidden question was asked")
			}
		})
	}
}

// Which questions follow depends on the answer.
func TestPlainHTTPS(t *testing.T) {
	_, _, said, err := asked(t, "x.example.com", "<", "y.example.com", "nginx", "no", "/a.pem", "/a.key", "zerodha", "", "k-123456", "s-123456", "no")
	if err != nil || !strings.Contains(said, "Use nginx on this machine") || !strings.Contains(said, "Private key file") || strings.Contains(said, "E-mail") || !strings.Contains(said, "\nxts: compositedge fivepaisaxts") || !strings.Contains(said, "https://y.example.com/zerodha/callback") {
		t.Errorf("%v\n%s", err, said)
	}
}

// Back three questions and forward again: nothing that was answered is lost.
func TestBackAndForward(t *testing.T) {
	a, _, said, err := asked(t, "x.example.com", "off", "zerodha", "", "k-123456", "<", "<", "<", "", "", "", "s-123456", "no")
	if err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	if a.Domain != "x.example.com" || a.Broker.Name != "zerodha" || a.Broker.APIKey.Reveal() != "k-123456" {
		t.Errorf("%+v\n%s", a, said)
	}
}

// The saved file stands for the same answers.
func TestSave(t *testing.T) {
	for plain, lookup := range map[string]answers.Lookup{
		"yes": {},
		"no": {Env: func(name string) (string, bool) {
			value, ok := map[string]string{"BROKER_API_KEY": "k-123456", "BROKER_API_SECRET": "s-123456"}[name]
			return value, ok
		}},
	} {
		path := filepath.Join(t.TempDir(), "answers.yaml")
		lines := []string{"", "zerodha", "", "k-123456", "s-123456", "yes", "rehearsal", "5001", "8766", "2", "1g", "512",
			"save", path, plain, "no"}
		a, w, said, err := asked(t, lines...)
		if err != nil {
			t.Fatal(err)
		}
		if yes, err := w.Confirm(t.Context(), func() {}); yes || err != nil {
			t.Errorf("confirm: %v, %v\n%s", yes, err, said)
		}
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Fatalf("%v, %v", info, err)
		}
		text, err := os.ReadFile(path)
		if err != nil || strings.Contains(string(text), "s-123456") != (plain == "yes") {
			t.Errorf("%v\n%s", err, text)
		}
		again, problems := answers.Parse(text, lookup)
		if len(problems) > 0 {
			t.Fatalf("%v\n%s", problems, text)
		}
		one, _ := a.Public()
		two, _ := again.Public()
		if !bytes.Equal(one, two) || again.Broker.APIKey.Reveal() != "k-123456" {
			t.Errorf("the saved answers differ:\n%s\n%s", one, two)
		}
	}
}

// The same in plain lines: the secrets of an instance stay, and a key can come later.
func TestPlainKeepsSecrets(t *testing.T) {
	var out bytes.Buffer
	w := wizard.NewPlain(terminal.NewLines(strings.NewReader("\n\n\nnew-secret\n\n"), &out), nil)
	w.Change([]byte("version: 1\nbroker: {name: zerodha}\nimage: {source: registry, ref: marketcalls/openalgo:latest}\n"))
	a, err := w.Ask(t.Context())
	if err != nil || !w.Keeps() || !a.Broker.IsLater() || a.Broker.APIKey.Reveal() != "" || a.Broker.APISecret.Reveal() != "new-secret" {
		t.Errorf("%v, %+v\n%s", err, a.Broker, out.String())
	}
	if !strings.Contains(out.String(), "Leave empty to keep the current one.") {
		t.Error(out.String())
	}
}

func TestPlainWithoutAnAPIKey(t *testing.T) {
	a, _, said, err := asked(t, "", "dhan", "no", "no")
	if err != nil || !a.Broker.IsLater() || !strings.Contains(said, "Get it here: https://") {
		t.Errorf("%v\n%s", err, said)
	}
}

package answers_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/marketcalls/openalgo-install/internal/answers"
)

func FuzzParse(f *testing.F) {
	f.Add([]byte(minimal))
	f.Add(answers.Example())
	f.Add([]byte("version: 1\nbroker: {name: &a zerodha, <<: *a}\nenv:\n  ? [a]\n  : b\n"))
	f.Add([]byte(minimal + "domain: a.example.com\ntls: {mode: files, cert: a, key: b}\nsizing: {ram: 4g}\nenv: {A: \"\\e\"}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		a, problems := answers.Parse(data, lookup)
		_ = answers.HasPlainSecrets(data)
		for _, p := range problems {
			if (p.Line < 1 || p.Column < 1) && !strings.Contains(p.Message, "empty") {
				t.Errorf("a problem without a place: %+v", p)
			}
		}
		if len(problems) > 0 {
			return
		}
		saved, err := a.Public()
		if err != nil {
			t.Fatal(err)
		}
		b, problems := answers.ParseSaved(saved)
		if len(problems) > 0 {
			t.Fatalf("saved answers are not read back: %v\n%s", problems, saved)
		}
		if again, err := b.Public(); err != nil || !bytes.Equal(saved, again) {
			t.Errorf("saved:\n%s\nread back and saved again:\n%s", saved, again)
		}
	})
}

// FuzzMessagesHoldNoSecret puts a secret at every place that one may have, by
// value and by reference, and cuts the file off anywhere.
func FuzzMessagesHoldNoSecret(f *testing.F) {
	f.Add("", "iifl", uint16(0))
	f.Add("\n", "zerodha", uint16(0))
	f.Add(":::", "fivepaisa", uint16(90))
	f.Add(" \x00\u200b", "nobody", uint16(60))
	f.Fuzz(func(t *testing.T, rest, name string, cut uint16) {
		planted := canary + rest
		if !utf8.ValidString(rest+name) || strings.Contains(name, canary) {
			t.Skip()
		}
		quoted, err := json.Marshal(planted) // is YAML as well
		if err != nil {
			t.Fatal(err)
		}
		id, err := json.Marshal(name)
		if err != nil {
			t.Fatal(err)
		}
		text := fmt.Sprintf("version: 1\nbroker:\n  name: %s\n  api_key: %[2]s\n  api_secret: {env: SECRET}\n  market_api_key: {file: f}\n"+
			"  market_api_secret: [%[2]s]\nenv: {A: %[2]s, B: {env: SECRET}, C: {file: f}, APP_KEY: %[2]s, D: {e: %[2]s}}\n", id, quoted)
		if n := int(cut); n > 0 && n < len(text) {
			text = text[:n]
		}
		l := answers.Lookup{
			Env:      func(string) (string, bool) { return planted, true },
			ReadFile: func(string) ([]byte, error) { return []byte(planted), nil },
		}
		a, problems := answers.Parse([]byte(text), l)
		said := fmt.Sprintf("%+v %v %v %+v", problems, &answers.Invalid{Problems: problems}, a.Warnings(), a)
		if strings.Contains(said, canary) {
			t.Errorf("a secret in:\n%s", said)
		}
	})
}

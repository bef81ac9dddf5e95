package secret_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"github.com/marketcalls/openalgo-install/internal/secret"
)

const canary = "canary-7f3a9b"

func TestTextIsNeverPrinted(t *testing.T) {
	type holder struct{ Key secret.Text }
	text := secret.New(canary)
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		fmt.Fprintf(&out, verb+"\n", text)
		fmt.Fprintf(&out, verb+"\n", holder{text})
		fmt.Fprintf(&out, verb+"\n", &holder{text})
	}
	doc, err := json.Marshal(holder{text})
	if err != nil {
		t.Fatal(err)
	}
	out.Write(doc)
	doc, err = yaml.Marshal(holder{text})
	if err != nil {
		t.Fatal(err)
	}
	out.Write(doc)
	slog.New(slog.NewTextHandler(&out, nil)).Info("m", "key", text)
	slog.New(slog.NewJSONHandler(&out, nil)).Info("m", "key", text)

	if strings.Contains(out.String(), canary) || strings.Contains(out.String(), fmt.Sprintf("%x", canary)) {
		t.Errorf("the secret was printed:\n%s", out.String())
	}
	if text.Reveal() != canary {
		t.Errorf("Reveal() = %q", text.Reveal())
	}
}

func TestRedact(t *testing.T) {
	r := secret.NewRedactor(secret.New(canary), secret.New(canary+"-longer"), secret.New("abc"), secret.New(""))
	got := r.Redact("a " + canary + " b " + canary + "-longer c abc")
	if want := "a [secret] b [secret] c abc"; got != want {
		t.Errorf("Redact = %q, want %q", got, want)
	}
	var none *secret.Redactor
	if none.Redact("x") != "x" {
		t.Error("a nil Redactor must pass text on")
	}
}

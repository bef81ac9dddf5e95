package install

import (
	"errors"
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/secret"
)

// hostile is what a terminal acts on, around a secret that it also splits.
const hostile = "\u009b2J\x7f\u202eto\u202cken \x1b]52;c;eA==\x07can\u200eary\x9b"

func TestALogLineIsFitToBeShown(t *testing.T) {
	in := &Installer{redact: secret.NewRedactor(secret.New("canary"))}
	if got, want := in.withoutSecrets(hostile), "token "+secret.Mask+"\ufffd"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestEventsAreFitToBeShown(t *testing.T) {
	var got []Event
	report := printed(ReporterFunc(func(e Event) { got = append(got, e) }))
	build := &engine.BuildProgress{Name: hostile}
	report.Report(Event{Message: "two\nlines " + hostile, Build: build})
	for _, text := range []string{got[0].Message, got[0].Build.Name, ResultEvent(Result{}, errors.New(hostile)).Message} {
		if strings.ContainsAny(text, "\u009b\x7f\x1b\u202e\u200e") {
			t.Errorf("%q", text)
		}
	}
	if !strings.HasPrefix(got[0].Message, "two\nlines ") || build.Name != hostile {
		t.Errorf("%q, %q", got[0].Message, build.Name)
	}
}

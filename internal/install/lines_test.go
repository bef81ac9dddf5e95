package install

import (
	"testing"

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

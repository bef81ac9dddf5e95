package cli

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/creack/pty"

	"github.com/marketcalls/openalgo-install/internal/backup"
	"github.com/marketcalls/openalgo-install/internal/elsewhere/known"
	"github.com/marketcalls/openalgo-install/internal/elsewhere/place"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/secret"
)

// The key that was shown is gone from the screen when its end is asked for.
func TestShowsKey(t *testing.T) {
	const identity = "AGE-SECRET-KEY-1QQQQQABCDEF"
	for name, test := range map[string]struct {
		answers []string
		kept    bool
	}{
		"at once":     {[]string{"ABCDEF\n"}, true},
		"in the end":  {[]string{"QABCDE\n", "\n", "abcdef\n"}, true},
		"three wrong": {[]string{"x\n", "yes\n", "ABCDE\n"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			screen, tty, err := pty.Open()
			if err != nil {
				t.Fatal(err)
			}
			defer screen.Close()
			defer tty.Close()
			asks := &typist{to: screen, answers: test.answers}
			err = showsKey(&app{stdin: tty, stderr: asks}, secret.New(identity))
			if (err == nil) != test.kept || err != nil && finding.IDOf(err) != "key-not-kept" {
				t.Errorf("got %v", err)
			}
			if !strings.HasPrefix(asks.said, wipe) || strings.Contains(asks.said, identity) {
				t.Errorf("shown: %q", asks.said)
			}
		})
	}
}

// Without a terminal there is nobody to show a key to.
func TestRecipientNeedsATerminal(t *testing.T) {
	d := instance.Dir(t.TempDir())
	if _, err := d.Create(); err != nil {
		t.Fatal(err)
	}
	away, err := place.Parse("sftp://nas/srv")
	if err != nil {
		t.Fatal(err)
	}
	c := &backupCommand{app: &app{stdin: &bytes.Buffer{}, stderr: &bytes.Buffer{}}, away: &away}
	if _, err := c.recipient(d, backup.Seal{}); finding.IDOf(err) != "recipient-missing" || errors.Is(err, errCancelled) {
		t.Errorf("got %v", err)
	}
	if err := known.KeepRecipient(d, "age1x"); err != nil {
		t.Fatal(err)
	}
	if got, err := c.recipient(d, backup.Seal{}); got != "age1x" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
}

package cli

import (
	"bytes"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/elsewhere"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/secret"
)

// The keys of a store go into a file that only their owner reads; a schedule names that
// file, and later answers without keys leave them.
func TestBackupOfTheAnswers(t *testing.T) {
	t.Parallel()
	d := instance.Dir(t.TempDir())
	if _, err := d.Create(); err != nil {
		t.Fatal(err)
	}
	const to, recipient = "s3://bucket/openalgo?endpoint=https%3A%2F%2Fs3.example.com&region=auto", "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"
	for _, b := range []answers.Backup{
		{At: "02:30", To: to, Keep: 7, AccessKey: secret.New("canary-id"), SecretKey: secret.New("canary-key"), Recipient: recipient},
		{At: "02:30", To: "s3://bucket/openalgo", Keep: 7},
	} {
		c := &backupCommand{app: &app{dir: string(d), stdin: &bytes.Buffer{}, stderr: &bytes.Buffer{}}, to: b.To, keep: b.Keep}
		if err := c.place(); err != nil {
			t.Fatal(err)
		}
		if err := c.keepStore(t.Context(), d, b); err != nil {
			t.Fatal(err)
		}
		if err := c.mayRepeat(t.Context()); err != nil {
			t.Error(err)
		}
		command, _, err := c.scheduled()
		file := d.Work("backup-store.env")
		if err != nil || !slices.Contains(command, "--credentials="+file) || strings.Contains(strings.Join(command, " "), "canary") {
			t.Errorf("%q, %v", command, err)
		}
		text, err := os.ReadFile(file)
		info, statErr := os.Stat(file)
		keys := elsewhere.FromFile(text)
		if err != nil || statErr != nil || info.Mode() != 0o600 || keys.ID != "canary-id" || keys.Secret.Reveal() != "canary-key" || keys.Endpoint != "https://s3.example.com" || keys.Region != "auto" {
			t.Errorf("%+v, %v, %v, %v", keys, info, err, statErr)
		}
		if got := elsewhere.LoadRecipient(d); got != recipient {
			t.Errorf("backups are encrypted to %q", got)
		}
	}
}

// Without keys there is no schedule that fails each night.
func TestBackupOfTheAnswersWithoutKeys(t *testing.T) {
	t.Parallel()
	c := &backupCommand{app: &app{}, to: "s3://bucket/openalgo"}
	if err := c.place(); err != nil {
		t.Fatal(err)
	}
	if err := c.keepStore(t.Context(), instance.Dir(t.TempDir()), answers.Backup{At: "02:30", To: c.to}); finding.IDOf(err) != "store-keys-missing" {
		t.Error(err)
	}
}

// An address that no store can have is refused with the answers.
func TestCheckStores(t *testing.T) {
	t.Parallel()
	for to, right := range map[string]bool{"": true, "/mnt/backup": true, "s3://bucket/openalgo": true, "s3://b/openalgo": false, "sftp://me:canary@host/b": false, "sftp://host": false, "rclone:drive": false} {
		err := checkStores([]answers.Named{{Answers: answers.Answers{Backup: answers.Backup{At: "02:30", To: to}}}})
		if (err == nil) != right || err != nil && strings.Contains(err.Error(), "canary") {
			t.Errorf("%q: %v", to, err)
		}
	}
}

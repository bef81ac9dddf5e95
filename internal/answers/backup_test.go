package answers_test

import (
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/answers"
)

func TestBackup(t *testing.T) {
	t.Parallel()
	const recipient = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"
	for text, want := range map[string]string{ // "at to keep" or the key of the one problem
		"":                            "  0",
		"backup:\n":                   "  0",
		"backup: {}\n":                "  0",
		"backup: {at: '18:45'}\n":     "18:45  0",
		"backup: {keep: 7}\n":         "02:30  7",
		"backup: {to: /mnt/backup}\n": "02:30 /mnt/backup 0",
		"backup: {to: 's3://b/openalgo', access_key: AK, secret_key: {env: SK}}\n": "02:30 s3://b/openalgo 0",
		"backup: {to: 'rclone:drive:openalgo', recipient: " + recipient + "}\n":    "02:30 rclone:drive:openalgo 0",
		"backup: {at: soon}\n":                                                "backup.at",
		"backup: {at: '2:30'}\n":                                              "backup.at",
		"backup: {at: off}\n":                                                 "backup.at",
		"backup: {to: backups}\n":                                             "backup.to",
		"backup: {to: 'ftp://b'}\n":                                           "backup.to",
		"backup: {keep: -1}\n":                                                "backup.keep",
		"backup: {keep: '7'}\n":                                               "backup.keep",
		"backup: {recipient: AGE-SECRET-KEY-1CANARY}\n":                       "backup.recipient",
		"backup: {to: 's3://b/o', access_key: canary}\n":                      "backup.secret_key",
		"backup: {to: /b, access_key: canary, secret_key: canary}\n":          "backup.access_key",
		"backup: {to: 's3://b/o', access_key: a, secret_key: {env: NONE}}\n":  "backup.secret_key",
		"backup: {to: 's3://b/o', access_key: \"a\\nb\", secret_key: canary}": "backup.secret_key",
		"backup: [s3]\n":                                                      "backup",
		"backup: {hour: 3}\n":                                                 "backup.hour",
	} {
		a, problems := answers.Parse([]byte(minimal+text), answers.Lookup{Env: func(name string) (string, bool) { return "canary", name == "SK" }})
		got := strings.Join([]string{a.Backup.At, a.Backup.To, string(rune('0' + max(a.Backup.Keep, 0)))}, " ")
		if len(problems) > 0 {
			got = problems[0].Key
		}
		if got != want || len(problems) > 1 || len(problems) == 1 && strings.Contains(strings.ToLower(problems[0].Message), "canary") {
			t.Errorf("%s: %q, want %q; %v", text, got, want, problems)
		}
	}
}

// What is saved has no key of a store, and is read again.
func TestBackupIsSavedWithoutSecrets(t *testing.T) {
	t.Parallel()
	text := "backup: {at: '18:45', to: 's3://b/openalgo', keep: 7, access_key: canary-1, secret_key: canary-2}\n"
	a, problems := answers.Parse([]byte(minimal+text), lookup)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	if !answers.HasPlainSecrets([]byte("version: 1\n" + text)) {
		t.Error("nobody is warned of a file that others can read")
	}
	saved, err := a.Public()
	if err != nil || strings.Contains(string(saved), "canary") {
		t.Fatalf("%s, %v", saved, err)
	}
	again, problems := answers.ParseSaved(saved)
	if len(problems) > 0 || again.Backup.At != "18:45" || again.Backup.To != "s3://b/openalgo" || again.Backup.Keep != 7 {
		t.Errorf("%+v, %v", again.Backup, problems)
	}
}

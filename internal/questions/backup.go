package questions

import "strings"

const (
	keyBackup = "backup"
	keyOpened = "opened"
	keySecret = "identity"
)

// isEncrypted goes by the ending that a backup gets.
func isEncrypted(d *Draft) bool { return strings.HasSuffix(d.Get(keyBackup), ".age") }

func byIdentity(d *Draft) bool { return isEncrypted(d) && d.Get(keyOpened) == keySecret }

// BackupScreen asks for a backup, and for what opens it.
func BackupScreen(newest string) *Screen {
	return &Screen{
		Title: "Restore a backup", Shown: Always,
		Intro: Fixed("The backup replaces keys, answers and data in the directory of this instance. You see the plan before anything changes."),
		Questions: []Question{
			{Key: keyBackup, Shown: Always, Preset: newest, Label: Fixed("Backup file"),
				Help: Fixed("For example /opt/openalgo-backups/openalgo-20261126-023000.tar.zst. Copy it to this machine first.")},
			{Key: keyOpened, Shown: isEncrypted, Preset: keySecret, Label: Fixed("The backup is encrypted. Decrypt it with"), Help: Fixed(""),
				Choices: func() []Choice {
					return []Choice{{Value: keySecret, Label: "Use an age identity file"}, {Value: "passphrase", Label: "Type the passphrase"}}
				}},
			{Key: keySecret, Shown: byIdentity, Label: Fixed("Identity file"), Help: Fixed("A file from age-keygen, for example key.txt.")},
		},
	}
}

// BackupArgs are the arguments of a command that opens the backup of a draft.
func BackupArgs(d *Draft) []string {
	out := []string{d.Get(keyBackup)}
	switch {
	case byIdentity(d):
		return append(out, "--identity", d.Get(keySecret))
	case isEncrypted(d):
		return append(out, "--passphrase-file", "-")
	}
	return out
}

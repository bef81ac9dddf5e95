package answers

import (
	"cmp"
	"regexp"
	"strings"
	"time"

	"github.com/marketcalls/openalgo-install/internal/secret"
)

// Backup is the daily backup that is set up after the install. An install without it
// leaves the schedule as it is.
type Backup struct {
	At string // HH:MM IST; "" is no daily backup
	// To is a directory or the address of a store; "" is the directory beside the
	// instance.
	To   string
	Keep int // how many; 0 keeps all
	// AccessKey and SecretKey are those of an S3 store.
	AccessKey, SecretKey secret.Text
	Recipient            string // the age recipient that backups are encrypted to
}

// BackupUsual is the time of a daily backup where none is named.
const BackupUsual = "02:30"

func (b *Backup) fields() []field {
	return []field{
		{name: "at", value: text(&b.At, `"`+BackupUsual+`"`).unless("")},
		{name: "to", value: text(&b.To, "s3://bucket/openalgo").unless("")},
		{name: "keep", value: integer(&b.Keep, 14).unless(0)},
		{name: "access_key", value: hidden(&b.AccessKey)},
		{name: "secret_key", value: hidden(&b.SecretKey)},
		{name: "recipient", value: text(&b.Recipient, "age1...").unless("")},
	}
}

var (
	storeAddress = regexp.MustCompile(`^(s3://|sftp://|rclone:)[^\s"\\]+$`)
	ageRecipient = regexp.MustCompile(`^age1[a-z0-9]{20,100}$`)
)

func (b *Backup) check(r *reader) {
	if b.To != "" || b.Keep > 0 || b.Recipient != "" {
		b.At = cmp.Or(b.At, BackupUsual)
	}
	at, err := time.Parse("15:04", b.At)
	if b.At != "" && (err != nil || at.Format("15:04") != b.At) {
		r.wrong("backup.at", "%s is not a time in IST: write HH:MM in quotes, for example %q", quote(b.At), BackupUsual)
	}
	if b.To != "" && !storeAddress.MatchString(b.To) && (!strings.HasPrefix(b.To, "/") || strings.ContainsAny(b.To, "\n\"")) {
		r.wrong("backup.to", "%s is neither an absolute path nor the address of a store, for example s3://bucket/openalgo, sftp://user@host/backups or rclone:drive:openalgo", quote(b.To))
	}
	if b.Keep < 0 {
		r.wrong("backup.keep", "write how many backups are kept, for example 14; 0 keeps all")
	}
	if b.Recipient != "" && !ageRecipient.MatchString(b.Recipient) {
		r.wrong("backup.recipient", "this is not an age recipient, which begins with age1. age-keygen prints one for each identity")
	}
	if b.AccessKey.Empty() != b.SecretKey.Empty() {
		r.wrong("backup.secret_key", "an S3 store needs both access_key and secret_key")
	}
	if !b.AccessKey.Empty() && !strings.HasPrefix(b.To, "s3://") {
		r.wrong("backup.access_key", "only an S3 store has keys: SFTP uses those of SSH, and rclone its own settings. Remove access_key and secret_key")
	}
	if strings.ContainsAny(b.AccessKey.Reveal()+b.SecretKey.Reveal(), " \t\r\n\"'") {
		r.wrong("backup.secret_key", "a key of an S3 store has no spaces, quotes or line breaks")
	}
}

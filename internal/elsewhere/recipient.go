package elsewhere

import (
	"filippo.io/age"

	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/secret"
)

// recipient is for whom the backups of an instance are encrypted where they leave this
// machine. Who holds the identity to it alone can read them.
type recipient struct {
	Recipient string `json:"recipient"` // age1...
}

const recipientName = "backup-recipient.json"

// LoadRecipient returns it; "" while there is none.
func LoadRecipient(d instance.Dir) string {
	r, err := instance.Load[recipient](d, recipientName)
	if err != nil || r == nil {
		return ""
	}
	return r.Recipient
}

// KeepRecipient keeps it, once its identity was shown.
func KeepRecipient(d instance.Dir, text string) error {
	return instance.Save(d, recipientName, &recipient{text})
}

// NewIdentity makes an identity, which is never written to a file here.
func NewIdentity() (identity secret.Text, recipient string, err error) {
	made, err := age.GenerateX25519Identity()
	if err != nil {
		return secret.Text{}, "", err
	}
	return secret.New(made.String()), made.Recipient().String(), nil
}

package elsewhere

import (
	"filippo.io/age"

	"github.com/marketcalls/openalgo-install/internal/elsewhere/known"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/secret"
)

// LoadRecipient returns the recipient of the backups in stores; "" if there is none yet.
func LoadRecipient(d instance.Dir) string { return known.LoadRecipient(d) }

// KeepRecipient keeps one whose identity the user has.
func KeepRecipient(d instance.Dir, text string) error { return known.KeepRecipient(d, text) }

// NewIdentity makes an identity, which is never written to a file here.
func NewIdentity() (identity secret.Text, recipient string, err error) {
	made, err := age.GenerateX25519Identity()
	if err != nil {
		return secret.Text{}, "", err
	}
	return secret.New(made.String()), made.Recipient().String(), nil
}

package known

import (
	"slices"
	"time"

	"github.com/marketcalls/openalgo-install/internal/instance"
)

// recipient is for whom the backups of an instance are encrypted where they leave this
// machine. Who holds the identity to it alone can read them.
type recipient struct {
	Recipient string `json:"recipient"` // age1...
	// Own is one that the user brought, and Proven when somebody showed the identity.
	Own    bool      `json:"own,omitempty"`
	Proven time.Time `json:"proven,omitzero"`
}

const recipientName = "backup-recipient.json"

func loadRecipient(d instance.Dir) recipient {
	r, err := instance.Load[recipient](d, recipientName)
	if err != nil || r == nil {
		return recipient{}
	}
	return *r
}

// LoadRecipient returns it; "" while there is none.
func LoadRecipient(d instance.Dir) string { return loadRecipient(d).Recipient }

// KeepRecipient keeps one that the user brought.
func KeepRecipient(d instance.Dir, text string) error {
	return instance.Save(d, recipientName, &recipient{Recipient: text, Own: true})
}

// KeepMade keeps one that was made here, once its identity was shown and typed.
func KeepMade(d instance.Dir, text string, proven time.Time) error {
	return instance.Save(d, recipientName, &recipient{Recipient: text, Proven: proven})
}

// Prove notes that somebody has the identity of one of some recipients.
func Prove(d instance.Dir, of []string, now time.Time) error {
	r := loadRecipient(d)
	if r.Recipient == "" || !slices.Contains(of, r.Recipient) {
		return nil
	}
	r.Proven = now
	return instance.Save(d, recipientName, &r)
}

// unproven reports whether nobody has shown the identity of a recipient made here.
func (r recipient) unproven() bool { return r.Recipient != "" && !r.Own && r.Proven.IsZero() }

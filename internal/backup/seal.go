package backup

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"filippo.io/age"

	"github.com/marketcalls/openalgo-install/internal/secret"
)

// ErrSealed says that an archive is encrypted and the key to it is missing, or
// another one.
var ErrSealed = errors.New("this backup is encrypted")

// ErrPlain says that an archive that must be encrypted is not. Whoever can write where
// it was kept can make such a one; an encrypted one takes the recipient, too.
var ErrPlain = errors.New("this backup is not encrypted, but its name or the key that you gave says that it is. Another user may have put it in the place of yours")

// Seal is how an archive is encrypted with age; the zero value is not at all.
type Seal struct {
	Recipients []string // age1... each
	Passphrase secret.Text
}

// workFactor is scrypt's, as a power of two: it takes 64 MiB of memory, where
// age's own default takes 256 and would not fit a small VPS beside the app.
const workFactor = 16

// maxWorkFactor is what age itself makes. One that a stranger chose could take
// gigabytes of memory before the passphrase is known to be wrong.
const maxWorkFactor = 18

// maxIdentities bounds a file of age's identities, in bytes.
const maxIdentities = 1 << 20

// Key opens encrypted archives; the zero value opens those that are not.
type Key struct{ identities []age.Identity }

// None reports that nothing is encrypted.
func (s Seal) None() bool { return len(s.Recipients) == 0 && s.Passphrase.Empty() }

// Ready checks the seal, so that a wrong recipient is known before anything is
// stopped, and returns what encrypts and what reads back. To read back, a key
// of this process's own is a recipient, too; nobody ever has it.
func (s Seal) Ready() (wrap func(io.Writer) (io.WriteCloser, error), key Key, err error) {
	switch {
	case s.None():
		return func(out io.Writer) (io.WriteCloser, error) { return nopCloser{out}, nil }, Key{}, nil
	case len(s.Recipients) > 0 && !s.Passphrase.Empty():
		return nil, Key{}, errors.New("a backup is for recipients or for a passphrase, not for both")
	case !s.Passphrase.Empty():
		recipient, err := age.NewScryptRecipient(s.Passphrase.Reveal())
		if err != nil {
			return nil, Key{}, err
		}
		recipient.SetWorkFactor(workFactor)
		key, err := PassphraseKey(s.Passphrase)
		return wrapFor(recipient), key, err
	}
	var recipients []age.Recipient
	for _, text := range s.Recipients {
		r, err := age.ParseX25519Recipient(strings.TrimSpace(text))
		if err != nil {
			return nil, Key{}, fmt.Errorf("%q is not an age recipient, such as the age1... that age-keygen prints: %w", text, err)
		}
		recipients = append(recipients, r)
	}
	own, err := age.GenerateX25519Identity()
	if err != nil {
		return nil, Key{}, err
	}
	return wrapFor(append(recipients, own.Recipient())...), Key{[]age.Identity{own}}, nil
}

func wrapFor(recipients ...age.Recipient) func(io.Writer) (io.WriteCloser, error) {
	return func(out io.Writer) (io.WriteCloser, error) { return age.Encrypt(out, recipients...) }
}

type nopCloser struct{ io.Writer }

func (nopCloser) Close() error { return nil }

// Recipients are those whose backups it opens.
func (k Key) Recipients() (out []string) {
	for _, one := range k.identities {
		if x, ok := one.(*age.X25519Identity); ok {
			out = append(out, x.Recipient().String())
		}
	}
	return out
}

// PassphraseKey opens what was encrypted with a passphrase.
func PassphraseKey(passphrase secret.Text) (Key, error) {
	identity, err := age.NewScryptIdentity(passphrase.Reveal())
	if err != nil {
		return Key{}, err
	}
	identity.SetMaxWorkFactor(maxWorkFactor)
	return Key{[]age.Identity{identity}}, nil
}

// IdentityKey opens what was encrypted to one of the identities in a file, as
// age-keygen writes it. Errors do not quote it.
func IdentityKey(file io.Reader) (Key, error) {
	identities, err := age.ParseIdentities(io.LimitReader(file, maxIdentities))
	if err != nil {
		return Key{}, errors.New("it holds no identity of age (AGE-SECRET-KEY-1...)")
	}
	return Key{identities}, nil
}

var (
	ageHeader  = []byte("age-encryption.org/")
	zstdHeader = []byte("\x28\xb5\x2f\xfd")
)

// open passes on what an archive holds, decrypted if need be. sealed says that it must
// be encrypted, as it must where there is a key.
func (k Key) open(in io.Reader, sealed bool) (io.Reader, error) {
	peek := bufio.NewReaderSize(in, 64<<10)
	head, _ := peek.Peek(len(ageHeader))
	if !bytes.Equal(head, ageHeader) {
		if isZstd := bytes.HasPrefix(head, zstdHeader); isZstd && (sealed || len(k.identities) > 0) {
			return nil, ErrPlain
		}
		return peek, nil
	}
	if len(k.identities) == 0 {
		return nil, fmt.Errorf("%w. Pass its key with --identity FILE, or its passphrase with --passphrase-file FILE", ErrSealed)
	}
	plain, err := age.Decrypt(peek, k.identities...)
	if noMatch := (*age.NoIdentityMatchError)(nil); errors.As(err, &noMatch) {
		return nil, fmt.Errorf("%w, and this key does not open it", ErrSealed)
	}
	return plain, err
}

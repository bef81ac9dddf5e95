package keys

import (
	"encoding/hex"
	"fmt"
	"io"

	"github.com/marketcalls/openalgo-install/internal/envfile"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/secret"
)

// The keys' names in .env.
const (
	AppKey     = "APP_KEY"
	Pepper     = "API_KEY_PEPPER"
	FernetSalt = "FERNET_SALT"
)

// Bytes of randomness; a key is twice as many hex digits.
const (
	keyBytes  = 32
	saltBytes = 16
)

// Random is how many random bytes a decision may need.
const Random = 2*keyBytes + saltBytes

// Keys are the values of the three keys, empty where .env has none.
type Keys struct{ AppKey, Pepper, FernetSalt secret.Text }

// Decision says which keys to run with. Only those named in New differ from
// the current ones. A FernetSalt that SaltState does not call Sound has been
// left as it was on purpose: leave its line in .env where and as it is, or
// absent (see decideSalt).
type Decision struct {
	Keys     Keys
	New      []string // names of the keys that were made, in the order of Keys
	Warnings finding.Warnings
}

// LostError says that a database may exist and the key that opens it is gone.
// A new one would make the data unreadable for good, so none is made.
type LostError struct {
	Key   string
	State State // Missing or Malformed
}

func (e *LostError) Error() string {
	return fmt.Sprintf("%s is %s, but a database may exist that only the previous value opens: "+
		"restore the .env that this database was used with, or install again under another name", e.Key, e.State)
}

// Situation is what a decision depends on beside the keys.
type Situation struct {
	// DatabaseMayExist must be true unless it is certain that no data volume
	// holds one.
	DatabaseMayExist bool
	// NoSalt says that the release does not know FERNET_SALT: it encrypts under
	// one fixed salt, whatever .env says.
	NoSalt bool
}

// Decide keeps every sound key and replaces the others where that costs no
// more than a new login. rand is crypto/rand.Reader outside tests. When the
// pepper is missing or malformed although a database may exist, the error is a
// *LostError and nothing has been made.
func Decide(current Keys, s Situation, rand io.Reader) (Decision, error) {
	databaseMayExist := s.DatabaseMayExist
	pepper := PepperState(current.Pepper.Reveal())
	if databaseMayExist && (pepper == Missing || pepper == Malformed) {
		return Decision{}, &LostError{Key: Pepper, State: pepper}
	}
	d := &decider{Decision: Decision{Keys: current}, rand: rand}
	d.decideAppKey(databaseMayExist)
	d.decidePepper(pepper, databaseMayExist)
	if !s.NoSalt {
		d.decideSalt(databaseMayExist)
	}
	if d.err != nil {
		return Decision{}, d.err
	}
	return d.Decision, nil
}

// decider is a Decision being made; err is the first failure of rand.
type decider struct {
	Decision
	rand io.Reader
	err  error
}

// decideAppKey replaces every APP_KEY that is not sound: it signs session
// cookies and nothing that is stored (docs/openalgo-facts.md 1.5).
func (d *decider) decideAppKey(databaseMayExist bool) {
	s := AppKeyState(d.Keys.AppKey.Reveal())
	if s == Sound {
		return
	}
	d.Keys.AppKey = d.generate(AppKey, keyBytes)
	if databaseMayExist || s == Leaked || s == Malformed {
		d.warn(finding.Warn("key-replaced", "%s was %s and has been replaced. Nothing stored depends on it: log in once more.", AppKey, s))
	}
}

// decidePepper replaces a pepper that is not sound only where no database may
// exist. With one, a published pepper is still the key that opens it.
func (d *decider) decidePepper(s State, databaseMayExist bool) {
	switch {
	case s == Sound:
	case databaseMayExist:
		// The app's own way out, upgrade/rotate_pepper.py, is not named: with a
		// FERNET_SALT in force it destroys tokens (docs/openalgo-facts.md 5.7).
		d.warn(finding.Warn("pepper-known", "%s is %s, so anyone who gets the database can open it. It is kept, because no other value opens your data. You can do one of these:\n"+
			"  1. If you have the .env this database was first used with, restore its %s and %s lines.\n"+
			"  2. If not, keep the database and its backups private, and renew the API secret at your broker.", Pepper, s, Pepper, FernetSalt))
	default:
		d.Keys.Pepper = d.generate(Pepper, keyBytes)
		d.warnReplaced(Pepper, s)
	}
}

// decideSalt makes a salt only where no database may exist.
//
// Without a valid FERNET_SALT the app derives its key from one fixed salt. So
// a database may be encrypted under the fixed salt (older installs), or under
// a salt that has since been lost from .env, and only a look into it can tell.
// The app takes that look at every start (utils/env_check.py,
// _ensure_fernet_salt; docs/openalgo-facts.md 1.6): what the fixed salt opens it
// encrypts again under a salt it makes; otherwise it exits 1 and asks for the
// lost one. A salt from us would pass for the right one, the look would never
// be taken, and either kind of database would become unreadable. Hence a
// missing, placeholder or malformed salt is no *LostError either: it is the
// normal state of an install that has never had one. (An odd number of digits,
// from 33 up, is the exception: the app takes no look and stays with the fixed
// salt, which a salt from us would break just the same.)
//
// The line must not be moved: a placeholder right after API_KEY_PEPPER is the
// one case in which the app swaps in a new salt without taking the look.
func (d *decider) decideSalt(databaseMayExist bool) {
	s := SaltState(d.Keys.FernetSalt.Reveal())
	switch {
	case s == Sound:
	case databaseMayExist:
		d.warn(finding.Warn("salt-missing", "%s is %s. OpenAlgo will try to create one when it starts. If it does not start, restore the old %s line from "+
			"your copy of .env. Do not invent a new value: it would make stored secrets unreadable.", FernetSalt, s, FernetSalt))
	default:
		d.Keys.FernetSalt = d.generate(FernetSalt, saltBytes)
		d.warnReplaced(FernetSalt, s)
	}
}

// generate returns n random bytes as hex and notes the key as new.
func (d *decider) generate(name string, n int) secret.Text {
	random := make([]byte, n)
	if _, err := io.ReadFull(d.rand, random); err != nil && d.err == nil {
		d.err = fmt.Errorf("make %s: read random bytes: %w: check that /dev/urandom can be read", name, err)
	}
	d.New = append(d.New, name)
	return secret.New(hex.EncodeToString(random))
}

// warnReplaced speaks up only where a value that someone may have chosen is
// gone; replacing a placeholder is what everyone expects.
func (d *decider) warnReplaced(name string, s State) {
	if s == Leaked || s == Malformed {
		d.warn(finding.Warn("key-replaced", "%s was %s and has been replaced, since no database depends on it: there is nothing to do.", name, s))
	}
}

func (d *decider) warn(w *finding.Error) { d.Warnings = append(d.Warnings, w) }

// Set sets one setting of a .env; the salt has a place of its own, where OpenAlgo
// leaves it alone (docs/openalgo-facts.md 1.6).
func Set(file *envfile.File, key, value string) error {
	if key == FernetSalt {
		return file.SetAfter(Pepper, key, value)
	}
	return file.Set(key, value)
}

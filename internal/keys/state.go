// Package keys decides over the three keys in .env that open a database:
// APP_KEY, API_KEY_PEPPER and FERNET_SALT. It recognises values that are no
// secret, makes new ones, and never replaces one that may be the only way into
// existing data. It does no I/O. The rules are the app's own, measured in
// docs/openalgo-facts.md 1.3, 1.5 and 1.6.
package keys

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"unicode/utf8"
)

// State is what a value is worth as a key.
type State int

// The states of a key. The app starts with a Leaked key as with a Sound one;
// with a Malformed key it does not.
const (
	Missing     State = iota // no value
	Placeholder              // what the sample file has in its place, the same for everyone
	Leaked                   // a real-looking value that OpenAlgo once published
	Malformed                // one the app refuses
	Sound
)

func (s State) String() string {
	switch s {
	case Missing:
		return "missing"
	case Placeholder:
		return "a placeholder"
	case Leaked:
		return "a published value"
	case Malformed:
		return "malformed"
	default:
		return "sound"
	}
}

// What OpenAlgo's sample file has in their place (docs/openalgo-facts.md 1.5).
const (
	placeholderAppKey = "OPENALGO_PLACEHOLDER_APP_KEY_REGENERATE_BEFORE_USE"
	placeholderPepper = "OPENALGO_PLACEHOLDER_API_KEY_PEPPER_REGENERATE_BEFORE_USE"
	placeholderSalt   = "OPENALGO_PLACEHOLDER_FERNET_SALT_REGENERATE_BEFORE_USE"
)

// Digests, so that no copy of the published values is in this source for
// someone to paste or for a secret scanner to find. templates/start.sh has the
// same ones; make golden writes them there.
var (
	leakedAppKeys = []string{
		// The previous .sample.env and env_check.py, ends 07ea84.
		"b369f30b3b4751c22758ed5c958c4f9bc238ea3487b809d52e744c5790bb009e",
		// start.sh, ends 8e2417: a slip for the one above, published all the same.
		"eed3884cc96e6cbf8e40d11735012e786a28a1d688102c2b844cd9e85c2d0fe8",
	}
	leakedPeppers = []string{
		// The previous .sample.env, env_check.py and start.sh, ends 8ce772.
		"3b7221846c46712b58119e9c9b5554e11ee66ae253627ddf9a6c34b1e43c6dd7",
		// .sample.env in December 2024, begins "change_this_to". The app
		// does not know this one.
		"d4602af2b5c90f26a0de942d695087737d715e6a04a695fdc0fb3e80177f0772",
	}
)

// minLength is the least number of characters the app accepts of any of the
// three (app.py, database/auth_db.py, utils/env_check.py).
const minLength = 32

// AppKeyState judges a value of APP_KEY.
func AppKeyState(v string) State { return state(v, placeholderAppKey, leakedAppKeys) }

// PepperState judges a value of API_KEY_PEPPER.
func PepperState(v string) State { return state(v, placeholderPepper, leakedPeppers) }

func state(v, placeholder string, leaked []string) State {
	digest := sha256.Sum256([]byte(v))
	switch {
	case v == "":
		return Missing
	case v == placeholder:
		return Placeholder
	case slices.Contains(leaked, hex.EncodeToString(digest[:])):
		return Leaked
	case utf8.RuneCountInString(v) < minLength:
		return Malformed
	default:
		return Sound
	}
}

// SaltState judges a value of FERNET_SALT: 32 or more hex digits, an even
// number of them. It is never Leaked. Spaces around it are no fault, since the
// app strips them.
func SaltState(v string) State {
	v = strings.TrimSpace(v)
	_, err := hex.DecodeString(v) // refuses an odd number of digits, too
	switch {
	case v == "":
		return Missing
	case v == placeholderSalt:
		return Placeholder
	case err != nil || len(v) < minLength:
		return Malformed
	default:
		return Sound
	}
}

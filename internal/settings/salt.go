package settings

import (
	"crypto/sha256"
	"encoding/hex"

	"github.com/marketcalls/openalgo-install/internal/envfile"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/keys"
)

// NamesSalt reports whether a .sample.env names FERNET_SALT. Where there is no
// sample, the built-in base serves, which does.
func NamesSalt(sample []byte) bool {
	if sample == nil {
		return true
	}
	base, err := envfile.Parse(sample)
	if err != nil {
		return true
	}
	_, ok := base.Get(keys.FernetSalt)
	return ok
}

// SaltAfter is what is known once an image with this sample has run. A salt
// that was in use stays so: data from then is encrypted under it.
func SaltAfter(s instance.State, sample []byte) string {
	if s.FernetSalt == instance.SaltUsed || NamesSalt(sample) {
		return instance.SaltUsed
	}
	return instance.SaltIdle
}

// Sum is the SHA-256 of a text, in hex.
func Sum(text []byte) string {
	of := sha256.Sum256(text)
	return hex.EncodeToString(of[:])
}

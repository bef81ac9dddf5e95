package selfupdate

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strings"

	"aead.dev/minisign"
)

// publicKeys are the project's minisign keys in base64, with commas between,
// which the release build sets from .github/release-keys. While a key is
// replaced there are two: the next one is trusted a release before it signs. A
// build without any cannot tell a release from anything else.
var publicKeys string

// parseKeys reads a list of public keys; one that is no key counts for nothing.
func parseKeys(list string) (keys []minisign.PublicKey) {
	for text := range strings.SplitSeq(list, ",") {
		var key minisign.PublicKey
		if key.UnmarshalText([]byte(text)) == nil {
			keys = append(keys, key)
		}
	}
	return keys
}

// verify reports why a text is not what one of the keys signed for a version. The
// version is in the comment that the signature covers: the names in the text are the
// same for every release, and an older one must not stand for a newer.
func verify(keys []minisign.PublicKey, version string, text, signature []byte) error {
	var s minisign.Signature
	if err := s.UnmarshalText(signature); err != nil {
		return fmt.Errorf("%w: its signature cannot be read", ErrNotSigned)
	}
	for _, key := range keys {
		if key.ID() != s.KeyID {
			continue
		}
		if minisign.Verify(key, text, signature) {
			if want := "openalgo-install " + version; s.TrustedComment != want {
				return fmt.Errorf("%w for this version: it is signed as %q, not as %q", ErrNotSigned, s.TrustedComment, want)
			}
			return nil
		}
		return fmt.Errorf("%w: its signature is not by the key %s", ErrNotSigned, keyID(s.KeyID))
	}
	return fmt.Errorf("%w: it is signed with the key %s, which this release does not know. Where the project has changed its key, update to a release in between first (--to)", ErrNotSigned, keyID(s.KeyID))
}

// keyID writes a key's id as the minisign command does.
func keyID(id uint64) string {
	return strings.ToUpper(hex.EncodeToString(binary.BigEndian.AppendUint64(nil, id)))
}

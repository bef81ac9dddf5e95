package envfile

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

// ValueError says that a key cannot be given a value. It never holds the
// value.
type ValueError struct {
	Key    string
	Reason string
}

func (e *ValueError) Error() string {
	return fmt.Sprintf("cannot write %s to .env: %s", e.Key, e.Reason)
}

var keyName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// Encode returns value as it stands to the right of "key =": in single
// quotes, such that python-dotenv reads back the same bytes and compose-go
// reads on without error (docs/openalgo-facts.md 1.7). For compose-go a backslash
// or "${" in the value looks different; it needs no such key.
//
// Any UTF-8 text without NUL, LF and CR can be written; else the error is a
// *ValueError.
func Encode(key, value string) (string, error) {
	switch {
	case !keyName.MatchString(key):
		return "", &ValueError{key, "a key is made of letters, digits and _, as in LOG_LEVEL"}
	case !utf8.ValidString(value):
		return "", &ValueError{key, "the value is not UTF-8 text"}
	case strings.ContainsAny(value, "\r\n"):
		return "", &ValueError{key, "the value has a line break. Write it on one line"}
	case strings.Contains(value, "\x00"):
		return "", &ValueError{key, "the value has a NUL byte in it"}
	}
	encoded := escaper.Replace(value)
	if strings.HasSuffix(value, `\`) {
		// python-dotenv takes a quote after any backslash as escaped.
		encoded += nothing
	}
	return "'" + encoded + "'", nil
}

// python-dotenv expands ${NAME:-default} in single quotes too. No variable has
// an empty name, so these two always give their default.
const (
	dollar  = `${:-$}`
	nothing = `${:-}`
)

var escaper = strings.NewReplacer(`\`, `\\`, `'`, `\'`, `${`, dollar+`{`)

package elsewhere

import (
	"bufio"
	"bytes"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/secret"
)

// Keys are the access key and secret key of an S3 store, and where the store is.
type Keys struct {
	ID               string
	Secret, Session  secret.Text
	Endpoint, Region string // where the address has none
}

// Names of the settings, as Amazon's own tools call them.
const (
	nameID       = "AWS_ACCESS_KEY_ID"
	nameSecret   = "AWS_SECRET_ACCESS_KEY"
	nameSession  = "AWS_SESSION_TOKEN"
	nameEndpoint = "AWS_ENDPOINT_URL"
	nameRegion   = "AWS_REGION"
)

// FromEnvironment reads them from the environment.
func FromEnvironment(getenv func(string) string) Keys {
	return Keys{ID: getenv(nameID), Secret: secret.New(getenv(nameSecret)), Session: secret.New(getenv(nameSession)),
		Endpoint: getenv(nameEndpoint), Region: getenv(nameRegion)}
}

// FromFile reads them from the text of a file: a NAME=value in each line.
func FromFile(text []byte) Keys {
	values := map[string]string{}
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		name, value, ok := strings.Cut(lines.Text(), "=")
		if name = strings.TrimPrefix(strings.TrimSpace(name), "export "); ok {
			values[name] = strings.Trim(strings.TrimSpace(value), `"'`)
		}
	}
	return FromEnvironment(func(name string) string { return values[name] })
}

// check refuses keys that are not there.
func (k Keys) check() error {
	if k.ID != "" && !k.Secret.Empty() {
		return nil
	}
	return finding.Named(finding.Usage, "store-keys-missing", "the keys of the S3 store are missing").
		With(finding.Hint{Do: "Write them into a file that only you can read, as " + nameID + "=... and " + nameSecret + "=..., and name it with --credentials"},
			finding.Hint{Do: "Or set both in the environment"})
}

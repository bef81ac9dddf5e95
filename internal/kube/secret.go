package kube

import (
	"encoding/base64"

	"github.com/marketcalls/openalgo-install/internal/secret"
)

// Hidden is a setting that is a secret.
type Hidden struct {
	Name  string
	Value secret.Text
}

// secretText says what the Secret is for, too.
const secretText = `# The secrets of one OpenAlgo, for: kubectl create -f -
# They are made once. "create" fails where the Secret exists, and that is meant:
# OpenAlgo cannot open its data with other keys, so never "apply" new ones over it.
# There is no generateName, since the pod reads the Secret of this name alone.
# Keep a copy where you keep your passwords.
apiVersion: v1
kind: Secret
metadata:
  name: openalgo-env@METADATA@
type: Opaque
data:
@DATA@`

// SecretManifest is the Secret of an instance with these entries.
func SecretManifest(instance string, entries []Hidden) []byte {
	var data []Setting
	for _, h := range entries {
		data = append(data, Setting{h.Name, base64.StdEncoding.EncodeToString([]byte(h.Value.Reveal()))})
	}
	return []byte((&OpenAlgo{Name: instance}).fill(secretText, "@DATA@", mapping("  ", data)))
}

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

// secretText is the manifest, with what the reader must know about it.
const secretText = `# The secrets of one instance of OpenAlgo, for: kubectl create -f -
# They are made once. "create" fails if the Secret exists, so that no key is replaced.
# OpenAlgo cannot open its data with other keys: never "apply" this file.
# There is no generateName, since the pod reads only the Secret of this name.
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

package answers

import (
	"fmt"
	"slices"

	"go.yaml.in/yaml/v4"

	"github.com/marketcalls/openalgo-install/internal/packed"
)

// Example is a file with every answer explained.
func Example() []byte { return packed.Text("internal/answers/example.yaml") }

// Schema is the JSON Schema (draft 2020-12) of an answers file.
func Schema() []byte { return packed.Text("internal/answers/schema.json") }

const savedHeader = "# Your answers, without secrets. openalgo-install writes this file after each run.\n"

// Public is the answers as YAML less every secret: the broker's name stays,
// its credentials go, and so does each env value that came by reference or
// whose key may name a secret.
func (a Answers) Public() ([]byte, error) {
	text, err := yaml.Marshal(saved(a.fields()))
	if err != nil {
		return nil, fmt.Errorf("writing the answers: %w", err)
	}
	return append([]byte(savedHeader), text...), nil
}

// HasPlainSecrets reports whether a file holds a secret as plain text, so that
// its mode matters.
func HasPlainSecrets(data []byte) bool {
	root, problem := document(data)
	if problem != nil {
		return false
	}
	for i := 0; i+1 < len(root.Content); i += 2 {
		section, values := root.Content[i].Value, root.Content[i+1]
		if section == "notify" && slices.ContainsFunc(values.Content, hasPlainSecret) {
			return true
		}
		if values.Kind != yaml.MappingNode {
			continue
		}
		for j := 0; j+1 < len(values.Content); j += 2 {
			key, value := values.Content[j].Value, values.Content[j+1]
			if value.Kind != yaml.ScalarNode || empty(value) || value.Value == "" {
				continue
			}
			if section == "broker" && key != "name" && key != "credentials" || section == "env" && isSecret(key, value.Value) ||
				section == "backup" && (key == "access_key" || key == "secret_key") {
				return true
			}
		}
	}
	return false
}

// hasPlainSecret reports whether an address for messages holds its secret.
func hasPlainSecret(item *yaml.Node) bool {
	s := valueOf(item, "secret")
	return s != nil && s.Kind == yaml.ScalarNode && s.Value != ""
}

package answers

import (
	"strings"

	"go.yaml.in/yaml/v4"
)

// Many programs that write YAML go by its version 1.1, which takes on, off, yes and
// no for booleans: what was `off` comes out of them as `false`.

// orOff is a text of which one word is off.
func orOff(v value) value {
	read := v.read
	v.read = func(r *reader, key string, node *yaml.Node) {
		if node.Kind == yaml.ScalarNode && node.Tag == "!!bool" && strings.EqualFold(node.Value, "false") {
			word := *node
			word.Tag, word.Value = "!!str", "off"
			node = &word
		}
		read(r, key, node)
	}
	return v
}

// boolForWord refuses a boolean in the place of a text: which word it was nobody knows.
func (r *reader) boolForWord(key string, node *yaml.Node, example string) bool {
	if node.Kind != yaml.ScalarNode || node.Tag != "!!bool" {
		return false
	}
	r.mistyped(key, node, "%s is not text. Some programs write it for on, off, yes and no. Put the word in quotes, or remove the key; for example: %s", quote(node.Value), example)
	return true
}

// wordForBool refuses what is a boolean in YAML 1.1 alone.
func (r *reader) wordForBool(key string, node *yaml.Node) bool {
	for word, means := range map[string]string{"y": "true", "yes": "true", "on": "true", "n": "false", "no": "false", "off": "false"} {
		if isPlain(node, word) {
			r.mistyped(key, node, "%s is not true or false: write %s", quote(node.Value), means)
			return true
		}
	}
	return false
}

// isPlain reports whether a node is one word without quotes.
func isPlain(node *yaml.Node, word string) bool {
	const quoted = yaml.SingleQuotedStyle | yaml.DoubleQuotedStyle
	return node.Kind == yaml.ScalarNode && node.Style&quoted == 0 && strings.EqualFold(node.Value, word)
}

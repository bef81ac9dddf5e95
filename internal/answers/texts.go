package answers

import (
	"fmt"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// Compose writes an answers file in which texts are the answers, by their dotted
// keys. References are secrets, each with the environment variable that it comes
// from. What is wrong with a text, Parse says.
func Compose(texts, references map[string]string) ([]byte, error) {
	doc := map[string]any{"version": 1}
	a := defaults()
	put := func(key string, value any) {
		into := doc
		for section, name, nested := strings.Cut(key, "."); nested; section, name, nested = strings.Cut(key, ".") {
			if _, ok := into[section].(map[string]any); !ok {
				into[section] = map[string]any{}
			}
			into, key = into[section].(map[string]any), name
		}
		into[key] = value
	}
	for key, text := range texts {
		var value any = text
		if f := find(a.fields(), key); f != nil && f.parse != nil {
			value = f.parse(text)
		}
		put(key, value)
	}
	for key, name := range references {
		put(key, map[string]any{"env": name})
	}
	text, err := yaml.Marshal(doc)
	if err != nil {
		return nil, fmt.Errorf("writing the answers: %w", err)
	}
	return text, nil
}

// Texts are the answers of a saved file as they would be typed, by their dotted
// keys.
func Texts(saved []byte) map[string]string {
	var doc map[string]any
	out := map[string]string{}
	if err := yaml.Unmarshal(saved, &doc); err == nil {
		typed(out, "", doc)
	}
	return out
}

func typed(out map[string]string, prefix string, section map[string]any) {
	for key, value := range section {
		switch value := value.(type) {
		case map[string]any:
			typed(out, prefix+key+".", value)
		case string:
			out[prefix+key] = value
		case int:
			out[prefix+key] = strconv.Itoa(value)
		case bool:
			out[prefix+key] = map[bool]string{true: "yes", false: "no"}[value]
		}
	}
}

// find is the field of a dotted key; nil is none.
func find(fields []field, key string) *field {
	name, rest, nested := strings.Cut(key, ".")
	f := named(fields, name)
	if f == nil || !nested {
		return f
	}
	return find(f.fields, rest)
}

// IsYes reports whether somebody typed a yes.
func IsYes(text string) bool {
	switch strings.ToLower(strings.TrimSpace(text)) {
	case "y", "yes":
		return true
	}
	return false
}

func yes(text string) any { return IsYes(text) }

// number is a whole number as YAML has it; any other text stays text.
func number(text string) any {
	var n int
	if err := yaml.Unmarshal([]byte(text), &n); err == nil && fmt.Sprint(n) == text {
		return n
	}
	return text
}

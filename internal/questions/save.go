package questions

import (
	"fmt"
	"os"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/host"
	"github.com/marketcalls/openalgo-install/internal/secret"
)

// DefaultFile is where answers are saved when no other file is named.
const DefaultFile = "answers.yaml"

// Save writes the answers into a new file, and says how to use it.
func (d *Draft) Save(path string, secrets bool) (said string, err error) {
	if _, err := os.Lstat(path); err == nil {
		return "", fmt.Errorf("%s exists already. Choose another name", path)
	}
	text, err := d.yaml(!secrets)
	if err == nil {
		text, err = withList(d, text, secrets)
	}
	if err == nil {
		err = host.WriteFile(path, text, 0o600, "")
	}
	if err != nil {
		return "", fmt.Errorf("the answers could not be saved: %w", err)
	}
	said = "Saved. To install without questions: openalgo-install --answers " + path
	if needed := environment(d, secrets); len(needed) > 0 {
		said += fmt.Sprintf("\nSet the secrets as environment variables: %s.", strings.Join(needed, ", "))
	}
	return said, nil
}

// withList adds the addresses for messages to a file.
func withList(d *Draft, text []byte, secrets bool) ([]byte, error) {
	var a answers.Answers
	withAddress(d, &a)
	for n := range a.Notify {
		if t := &a.Notify[n]; !secrets {
			t.Secret = secret.Text{}
		}
	}
	return answers.WithMessages(text, a.Notify, environmentOf)
}

// environment lists the variables that a file refers to.
func environment(d *Draft, secrets bool) []string {
	var out []string
	for key, text := range d.asked() {
		if name := secretNames[key]; !secrets && name != "" && text != "" {
			out = append(out, name)
		}
	}
	var a answers.Answers
	withAddress(d, &a)
	for _, t := range a.Notify {
		if !secrets || t.Secret.Empty() {
			out = append(out, environmentOf(t))
		}
	}
	return out
}

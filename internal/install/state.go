package install

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/google/renameio/v2"
)

// state is what the last finished run left behind: enough to tell what the
// user changed since from what we wrote. It holds salted hashes, no values.
type state struct {
	Project       string            `json:"project"`
	Salt          string            `json:"salt"`
	Env           map[string]string `json:"env"`     // .env key -> hash of the value that we wrote
	ComposeSHA256 string            `json:"compose"` // of docker-compose.yaml as we rendered it
	ImageRef      string            `json:"image_ref"`
	ImageID       string            `json:"image_id"`
	SetupDone     bool              `json:"setup_done"` // an admin account existed
}

func (w workdir) readState() (state, error) {
	var s state
	data, err := readOptional(w.path("state.json"))
	if err != nil {
		return s, fmt.Errorf("reading the state of the last run: %w", err)
	}
	if data != nil {
		if err := json.Unmarshal(data, &s); err != nil {
			return s, fmt.Errorf("%s is damaged (%w): remove it; the next run takes .env as it stands", w.path("state.json"), err)
		}
	}
	return s, nil
}

func (w workdir) writeState(s state) error {
	data, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return fmt.Errorf("writing the state: %w", err)
	}
	if err := renameio.WriteFile(w.path("state.json"), append(data, '\n'), 0o600); err != nil {
		return fmt.Errorf("writing the state: %w", err)
	}
	return nil
}

// wrote reports whether value is what we last wrote for key.
func (s state) wrote(key, value string) bool {
	return s.Env[key] != "" && s.Env[key] == s.hash(key, value)
}

func (s state) hash(key, value string) string {
	sum := sha256.Sum256([]byte(s.Salt + "\x00" + key + "\x00" + value))
	return hex.EncodeToString(sum[:])
}

// remember notes what we wrote.
func (s *state) remember(settings []setting) {
	if s.Salt == "" {
		s.Salt = rand.Text()
	}
	s.Env = map[string]string{}
	for _, set := range settings {
		s.Env[set.Key] = s.hash(set.Key, set.Value.Reveal())
	}
}

func sha256Hex(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

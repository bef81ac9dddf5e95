package install

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/marketcalls/openalgo-install/internal/envfile"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/host"
	"github.com/marketcalls/openalgo-install/internal/keys"
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
	// Foreign says that another tool made the stack: its Compose file is not ours.
	Foreign bool `json:"foreign,omitempty"`
	// Engine is the Docker that it runs on.
	Engine engineRef `json:"engine,omitzero"`
	// Edge is how the stack is served over HTTPS.
	Edge edgeState `json:"edge,omitzero"`
	// Keys holds the hash of each key that opens the database, as it was when
	// the stack was last verified.
	Keys map[string]string `json:"keys,omitempty"`
	// FernetSalt says whether data depends on that key of .env: saltUsed or
	// saltIdle; "" is not known.
	FernetSalt string `json:"fernet_salt,omitempty"`
	// SeenBy is the ID of the engine that is known to see this directory.
	SeenBy string `json:"seen_by,omitempty"`
	// Began is the project of an install that was undone and left its keys: they
	// are not those of a directory that was moved.
	Began string `json:"began,omitempty"`
}

// ours reports whether this program made the stack, or adopted it.
func (s state) ours() bool { return s.Project != "" && !s.Foreign }

// dataKeys are the keys without which the database can't be read. The app
// itself never changes one that is sound (docs/openalgo-facts.md 1.5, 1.6).
var dataKeys = []string{keys.Pepper, keys.FernetSalt}

// rememberKeys notes the keys that the verified stack runs with.
func (s *state) rememberKeys(env *envfile.File) {
	s.Keys = map[string]string{}
	for _, key := range dataKeys {
		value, _ := env.Get(key)
		if key == keys.FernetSalt && (s.FernetSalt == saltIdle || keys.SaltState(value) != keys.Sound) {
			continue // no data depends on it, or OpenAlgo will make one itself
		}
		s.Keys[key] = s.hash(key, value)
	}
}

// otherKey names a key that .env has another value for than the stack was
// verified with; "" when there is none, or nothing is known.
func (s state) otherKey(env *envfile.File) string {
	for _, key := range dataKeys {
		if key == keys.FernetSalt && s.FernetSalt == saltIdle {
			continue
		}
		if value, _ := env.Get(key); s.Keys[key] != "" && s.Keys[key] != s.hash(key, value) {
			return key
		}
	}
	return ""
}

func (w workdir) readState() (state, error) {
	var s state
	data, err := readOwn(w.path("state.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return s, fmt.Errorf("reading the state of the last run: %w", err)
	}
	if data != nil {
		if err := json.Unmarshal(data, &s); err != nil {
			return s, finding.Errorf(finding.HostNotReady, "%s is damaged (%w): remove it; the next run takes .env as it stands", w.path("state.json"), err)
		}
	}
	return s, nil
}

func (w workdir) writeState(s state) error {
	data, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return fmt.Errorf("writing the state: %w", err)
	}
	if err := host.WriteFile(w.path("state.json"), append(data, '\n'), 0o600, ""); err != nil {
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

// remember notes what we wrote; for the keys in left, which .env has another
// value for on purpose, what was written before still counts.
func (s *state) remember(settings []setting, left []string) {
	if s.Salt == "" {
		s.Salt, s.Keys = rand.Text(), nil
	}
	if s.Env == nil {
		s.Env = map[string]string{}
	}
	for _, set := range settings {
		if set.Unset {
			delete(s.Env, set.Key)
		} else if !slices.Contains(left, set.Key) {
			s.Env[set.Key] = s.hash(set.Key, set.Value.Reveal())
		}
	}
}

func sha256Hex(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

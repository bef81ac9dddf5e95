package instance

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/marketcalls/openalgo-install/internal/envfile"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/keys"
)

// JournalName is the file of what a run does, for the one that undoes it.
const JournalName = "journal.json"

const (
	stateName = "state.json"
	stateForm = 2 // 0 has no "version"
)

// State is what the last finished run left behind: enough to tell what the
// user changed since from what we wrote. It holds salted hashes, no values.
type State struct {
	Version       int               `json:"version"`
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
	Engine EngineRef `json:"engine,omitzero"`
	// Edge is how the stack is served over HTTPS.
	Edge Edge `json:"edge,omitzero"`
	// Keys holds the hash of each key that opens the database, as it was when
	// the stack was last verified.
	Keys map[string]string `json:"keys,omitempty"`
	// FernetSalt says whether data depends on that key of .env: SaltUsed or
	// SaltIdle; "" is not known.
	FernetSalt string `json:"fernet_salt,omitempty"`
	// SeenBy is the ID of the Docker that is known to see this directory.
	SeenBy string `json:"seen_by,omitempty"`
	// Began is the project of an install that was undone and left its keys: they
	// are not those of a directory that was moved.
	Began string `json:"began,omitempty"`
	// EnvImage is an image that can read the .env of such an install.
	EnvImage string `json:"env_image,omitempty"`
	// Named is what the names of its backups come from; "" is Salt. Where a backup was
	// restored, Salt is that of the instance which made it: two that share a directory or
	// a store would remove each other's backups.
	Named string `json:"named,omitempty"`
}

// NewestForm is the newest version that this release knows.
func (*State) NewestForm() int { return stateForm }

// Whether data depends on FERNET_SALT (docs/openalgo-facts.md 1.6).
const (
	SaltUsed = "used" // its data is encrypted under it, once a release that knows it ran
	SaltIdle = "idle" // its release knows none: no data depends on the one in .env
)

// Edge is the way in over HTTPS; none where Kind is "".
type Edge struct {
	Kind   string `json:"kind"`
	Dir    string `json:"dir,omitempty"` // of Caddy
	HTTP   int    `json:"http"`
	HTTPS  int    `json:"https"`
	Domain string `json:"domain"`
	// Root is the PEM file that the certificate leads to; "" is what this machine
	// trusts. Any is a certificate of the user's own, or of a test install.
	Root string `json:"root,omitempty"`
	Any  bool   `json:"any,omitempty"`
}

// IsOurs reports whether this program made the stack, or adopted it.
func (s State) IsOurs() bool { return s.Project != "" && !s.Foreign }

// DataKeys are the keys without which the database cannot be read. The app
// itself never changes one that is sound (docs/openalgo-facts.md 1.5, 1.6).
var DataKeys = []string{keys.Pepper, keys.FernetSalt}

// RememberKeys notes the keys that the verified stack runs with.
func (s *State) RememberKeys(env *envfile.File) {
	s.Keys = map[string]string{}
	for _, key := range DataKeys {
		value, _ := env.Get(key)
		if key == keys.FernetSalt && (s.FernetSalt == SaltIdle || keys.SaltState(value) != keys.Sound) {
			continue // no data depends on it, or OpenAlgo will make one itself
		}
		s.Keys[key] = s.Hash(key, value)
	}
}

// OtherKey names a key that .env has another value for than the stack was
// verified with; "" when there is none, or nothing is known.
func (s State) OtherKey(env *envfile.File) string {
	for _, key := range DataKeys {
		if key == keys.FernetSalt && s.FernetSalt == SaltIdle {
			continue
		}
		if value, _ := env.Get(key); s.Keys[key] != "" && s.Keys[key] != s.Hash(key, value) {
			return key
		}
	}
	return ""
}

// Wrote reports whether value is what we last wrote for key.
func (s State) Wrote(key, value string) bool {
	return s.Env[key] != "" && s.Env[key] == s.Hash(key, value)
}

// Hash returns what State keeps of a key's value.
func (s State) Hash(key, value string) string {
	sum := sha256.Sum256([]byte(s.Salt + "\x00" + key + "\x00" + value))
	return hex.EncodeToString(sum[:])
}

// NamedAfter is what the names of this instance's backups come from once a backup whose
// state is of is restored: what they came from before, or something of this place.
func (s State) NamedAfter(of State, engine string, d Dir) string {
	switch {
	case s.Named != "" || s.Salt == of.Salt:
		return s.Named
	case s.Salt != "":
		return s.Salt
	}
	sum := sha256.Sum256([]byte(of.Salt + "\x00" + engine + "\x00" + string(d)))
	return hex.EncodeToString(sum[:16])
}

// Begin makes the first state ready for hashes; salt is one that was drawn for it.
func (s *State) Begin(salt string) {
	if s.Salt == "" {
		s.Salt, s.Keys = salt, nil
	}
	if s.Env == nil {
		s.Env = map[string]string{}
	}
}

// LoadState reads what the last finished run left; an empty State where none has.
func (d Dir) LoadState() (State, error) {
	s, err := Load[State](d, stateName)
	switch {
	case errors.Is(err, ErrDamaged):
		return State{}, finding.Named(finding.HostNotReady, "state-damaged", "%w: remove it; the next run uses .env as it is", err)
	case errors.Is(err, ErrNewer):
		return State{}, err
	case err != nil:
		return State{}, fmt.Errorf("reading the state of the last run: %w", err)
	case s == nil:
		return State{}, nil
	}
	return *s, nil
}

// Glance is what the last finished run left, as far as it can be read: a damaged
// state tells nothing, and one of a later release what is known of it here.
func Glance(d Dir) (s State) {
	if text, err := ReadOwn(d.Work(stateName)); err == nil {
		_ = json.Unmarshal(text, &s)
	}
	return s
}

// DecodeState reads a state that a backup has.
func DecodeState(path string, data []byte) (State, error) {
	s, err := Decode[State](path, data)
	if err != nil {
		return State{}, err
	}
	return *s, nil
}

// SaveState writes the state.
func (d Dir) SaveState(s State) error {
	s.Version = stateForm
	return Save(d, stateName, &s)
}

// HasJournal reports whether an interrupted run left one.
func (d Dir) HasJournal() bool { return isThere(d.Work(JournalName)) }

package rehearsal

import (
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
)

var (
	errOtherKeys  = errors.New("the database was made with another API_KEY_PEPPER or FERNET_SALT than .env has; restore the .env that belongs to it")
	errUnwritable = errors.New("the database cannot be written")
)

// phrase is what the keys seal.
const phrase = "openalgo-install test database"

// database stands in for the app's db/openalgo.db. It holds what only the
// right API_KEY_PEPPER and FERNET_SALT reproduce, so a start with other keys
// fails. The app itself would start and refuse every login; failing at once is
// what makes "the data is still readable" a thing a test can see.
type database struct {
	path string
	key  cipher.AEAD // that new secrets are encrypted under

	mu      sync.Mutex
	content databaseContent
}

// databaseContent is the file, as JSON.
type databaseContent struct {
	Format string   `json:"format"` // phrase
	Seal   []byte   `json:"seal"`   // HMAC-SHA256 of phrase
	Users  []string `json:"users"`
	// Secrets has one of each user's, encrypted as OpenAlgo encrypts tokens.
	Secrets map[string][]byte `json:"secrets,omitempty"`
}

// openDatabase reads the file at path, or makes it with these keys. One of a
// release without FERNET_SALT opens under every salt, and its secrets under
// none: that is what OpenAlgo does with it.
func openDatabase(path, pepper, salt string) (*database, error) {
	db := &database{path: path, key: secretKey(pepper, salt)}
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		db.content = databaseContent{Format: phrase, Seal: seal(pepper, salt), Users: []string{}}
		return db, db.save()
	}
	if err != nil {
		return nil, fmt.Errorf("read the database: %w", err)
	}
	if err := json.Unmarshal(data, &db.content); err != nil || db.content.Format != phrase {
		return nil, fmt.Errorf("%s is not a database of the test app. It is not used: choose another volume", path)
	}
	if !hmac.Equal(db.content.Seal, seal(pepper, salt)) && !hmac.Equal(db.content.Seal, seal(pepper, fixedSalt)) {
		return nil, errOtherKeys
	}
	if err := tryWrite(filepath.Dir(path)); err != nil {
		return nil, fmt.Errorf("%w: %w", errUnwritable, err)
	}
	return db, nil
}

func seal(pepper, salt string) []byte {
	mac := hmac.New(sha256.New, []byte(pepper+"\x00"+salt))
	mac.Write([]byte(phrase))
	return mac.Sum(nil)
}

// users returns how many users there are.
func (db *database) users() int {
	db.mu.Lock()
	defer db.mu.Unlock()
	return len(db.content.Users)
}

// addUser adds a user, once.
func (db *database) addUser(name string) error {
	db.mu.Lock()
	defer db.mu.Unlock()
	if slices.Contains(db.content.Users, name) {
		return nil
	}
	db.content.Users = append(db.content.Users, name)
	if db.content.Secrets == nil {
		db.content.Secrets = map[string][]byte{}
	}
	db.content.Secrets[name] = encrypt(db.key, "token of "+name)
	return db.save()
}

// save replaces the file whole, so that a kill leaves the old one or the new.
func (db *database) save() error {
	data, err := json.MarshalIndent(db.content, "", "  ")
	if err != nil {
		return err
	}
	temp, err := os.CreateTemp(filepath.Dir(db.path), ".openalgo.db-*")
	if err != nil {
		return fmt.Errorf("%w: %w", errUnwritable, err)
	}
	defer os.Remove(temp.Name())
	_, err = temp.Write(append(data, '\n'))
	if err := errors.Join(err, temp.Sync(), temp.Close()); err != nil {
		return fmt.Errorf("%w: %w", errUnwritable, err)
	}
	if err := os.Rename(temp.Name(), db.path); err != nil {
		return fmt.Errorf("%w: %w", errUnwritable, err)
	}
	return nil
}

package rehearsal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/marketcalls/openalgo-install/internal/envfile"
	"github.com/marketcalls/openalgo-install/internal/keys"
)

// fixedSalt is what releases encrypt under that know no FERNET_SALT, and later
// ones while they have none.
const fixedSalt = "openalgo_static_salt"

// databasePath is the test app's database below the root.
const databasePath = "db/openalgo.db"

// saltOf is the salt that a release encrypts under, by what its own sample and
// .env say of FERNET_SALT. makes says that it makes one when it starts. A
// release whose sample does not name the key ignores the one in .env.
func saltOf(root, inEnv string) (salt string, makes bool) {
	if data, err := os.ReadFile(filepath.Join(root, ".sample.env")); err == nil {
		sample, err := envfile.Parse(data)
		if err == nil && !has(sample, keys.FernetSalt) {
			return fixedSalt, false
		}
	}
	if keys.SaltState(inEnv) == keys.Sound {
		return inEnv, false
	}
	return fixedSalt, true
}

var errSaltLost = errors.New("FERNET_SALT is missing from .env, and the database does not open under the fixed salt either")

// makeSalt gives .env a salt and encrypts under it what the fixed one opens. It
// refuses where that opens nothing: the salt of the data is lost.
func (a starting) makeSalt(path, pepper string) (string, error) {
	db, err := openDatabase(path, pepper, fixedSalt)
	if errors.Is(err, errOtherKeys) {
		return "", errSaltLost
	}
	if err != nil {
		return fixedSalt, nil //nolint:nilerr // who opens it next says what is wrong
	}
	random := make([]byte, 16)
	_, _ = rand.Read(random) // never fails
	salt := hex.EncodeToString(random)
	env := a.env.Clone()
	err = env.SetAfter(keys.Pepper, keys.FernetSalt, salt)
	if err == nil {
		err = os.WriteFile(a.EnvFile, env.Bytes(), 0o600)
	}
	if err != nil {
		fmt.Fprintf(a.Out, "Could not write FERNET_SALT to .env: %v\n", err)
		return fixedSalt, nil //nolint:nilerr // it goes on with the fixed one
	}
	a.env = env
	n := db.encryptAgain(pepper, fixedSalt, salt)
	a.say("FERNET_SALT made, stored secrets encrypted again: %d", n)
	return salt, db.save()
}

// encryptAgain moves the secrets and the seal from one salt to another.
func (db *database) encryptAgain(pepper, from, to string) (n int) {
	before, after := secretKey(pepper, from), secretKey(pepper, to)
	for name, text := range db.content.Secrets {
		if plain, err := decrypt(before, text); err == nil {
			db.content.Secrets[name] = encrypt(after, plain)
			n++
		}
	}
	db.content.Seal = seal(pepper, to)
	return n
}

// secrets counts those that a key opens, and those that it does not.
func (c databaseContent) secrets(key cipher.AEAD) (open, shut int) {
	for _, text := range c.Secrets {
		if _, err := decrypt(key, text); err == nil {
			open++
		} else {
			shut++
		}
	}
	return open, shut
}

// secretsAt counts the secrets of the test app below root.
func secretsAt(root string) (open, shut int, err error) {
	text, err := os.ReadFile(filepath.Join(root, ".env"))
	if err != nil {
		return 0, 0, err
	}
	env, err := envfile.Parse(text)
	if err != nil {
		return 0, 0, err
	}
	var content databaseContent
	data, err := os.ReadFile(filepath.Join(root, databasePath))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, 0, nil
	}
	if err == nil {
		err = json.Unmarshal(data, &content)
	}
	if err != nil {
		return 0, 0, err
	}
	pepper, _ := env.Get(keys.Pepper)
	inEnv, _ := env.Get(keys.FernetSalt)
	salt, _ := saltOf(root, inEnv)
	open, shut = content.secrets(secretKey(pepper, salt))
	return open, shut, nil
}

func secretKey(pepper, salt string) cipher.AEAD {
	mac := hmac.New(sha256.New, []byte(pepper))
	mac.Write([]byte(salt))
	block, _ := aes.NewCipher(mac.Sum(nil)) // of the right length
	key, _ := cipher.NewGCMWithRandomNonce(block)
	return key
}

func encrypt(key cipher.AEAD, plain string) []byte { return key.Seal(nil, nil, []byte(plain), nil) }

func decrypt(key cipher.AEAD, text []byte) (string, error) {
	plain, err := key.Open(nil, nil, text, nil)
	return string(plain), err
}

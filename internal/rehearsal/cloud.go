package rehearsal

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/marketcalls/openalgo-install/internal/envfile"
	"github.com/marketcalls/openalgo-install/internal/keys"
)

// linked are the directories that one disk has in cloud mode.
var linked = []string{"db", "log", "strategies", "keys"}

// readEnv returns the text of .env. Where there is none, and HOST_SERVER is set, it is
// written from the environment first, as start.sh does on a cloud platform.
func (a starting) readEnv() ([]byte, *refusal) {
	data, err := os.ReadFile(a.EnvFile)
	if err == nil && len(data) > 0 {
		return data, nil
	}
	if os.Getenv("HOST_SERVER") == "" {
		return nil, noEnv(a.EnvFile, err)
	}
	data, err = a.envOfVariables()
	if err == nil {
		err = os.WriteFile(a.EnvFile, data, 0o600)
	}
	if err != nil {
		return nil, &refusal{code: 1, lines: []string{"OpenAlgo cannot start with these environment variables: " + err.Error()}}
	}
	a.say("wrote %s from the environment", a.EnvFile)
	return data, nil
}

// envOfVariables is the image's sample with the values of variables.
func (a starting) envOfVariables() ([]byte, error) {
	text, err := os.ReadFile(filepath.Join(a.Root, ".sample.env"))
	if err != nil {
		return nil, err
	}
	env, err := envfile.Parse(text)
	if err != nil {
		return nil, err
	}
	salted := has(env, keys.FernetSalt)
	for _, key := range []string{"REDIRECT_URL", "BROKER_API_KEY", keys.AppKey, keys.Pepper, keys.FernetSalt} {
		if os.Getenv(key) == "" && (key != keys.FernetSalt || salted) {
			return nil, fmt.Errorf("%s is not set", key)
		}
	}
	for _, key := range env.Keys() {
		value, set := os.LookupEnv(key)
		switch key {
		case "ENV_CONFIG_VERSION":
			continue // the image's own, always
		case "FLASK_HOST_IP", "WEBSOCKET_HOST":
			value, set = "0.0.0.0", true
		case "HOST_SERVER":
			value = strings.TrimSuffix(value, "/")
		}
		if !set {
			continue
		}
		if err := keys.Set(env, key, value); err != nil {
			return nil, err
		}
	}
	return env.Bytes(), nil
}

// linkData has the directories that must last lead to OPENALGO_DATA_DIR, where it is set.
func (a starting) linkData() error {
	disk := os.Getenv("OPENALGO_DATA_DIR")
	if disk == "" {
		return nil
	}
	for _, name := range linked {
		here, there := filepath.Join(a.Root, name), filepath.Join(disk, name)
		if info, err := os.Lstat(here); err == nil && info.Mode()&os.ModeSymlink != 0 {
			continue
		}
		if err := os.MkdirAll(there, 0o755); err != nil {
			return err
		}
		// A rename fails on a mounted volume, and takes nothing away.
		err := os.Rename(here, filepath.Join(a.Root, ".image-"+name))
		if errors.Is(err, syscall.EXDEV) { // a directory of the image
			err = os.RemoveAll(here)
		}
		if err != nil && !os.IsNotExist(err) {
			return fmt.Errorf("%s is a volume of its own; OPENALGO_DATA_DIR is for platforms that have but one: %w", here, err)
		}
		if err := os.Symlink(there, here); err != nil {
			return err
		}
	}
	return nil
}

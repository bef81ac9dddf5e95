package instance

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"

	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/host"
)

// ErrNewer says that a file was written by a later release.
var ErrNewer = errors.New("was written by a later openalgo-install")

// ErrDamaged says that a file is none that this program wrote.
var ErrDamaged = errors.New("is damaged")

// versioned is a file with a form of its own, and the newest one known here. The
// file has it as "version"; 0 is the first.
type versioned interface{ NewestForm() int }

// Load reads a file of the work directory; nil where there is none. The error is
// ErrDamaged or ErrNewer where the content is of no use.
func Load[T any](d Dir, name string) (*T, error) {
	data, err := ReadOwn(d.Work(name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return Decode[T](d.Work(name), data)
}

// Decode is Load for content that came another way, from the file path.
func Decode[T any](path string, data []byte) (*T, error) {
	v := new(T)
	if known, ok := any(v).(versioned); ok {
		var form struct {
			Version int `json:"version"`
		}
		if json.Unmarshal(data, &form) == nil && form.Version > known.NewestForm() {
			return nil, newer(path)
		}
	}
	if err := json.Unmarshal(data, v); err != nil {
		return nil, fmt.Errorf("%s %w (%w)", path, ErrDamaged, err)
	}
	return v, nil
}

func newer(path string) error {
	return finding.Named(finding.HostNotReady, "newer-release", "%s %w\n\nThis release cannot read all of it.", path, ErrNewer).
		With(finding.Anywhere("Update openalgo-install, then run the same command again", "self-update")).Ending(finding.Unchanged)
}

// Save writes a file of the work directory: whole or not at all, synced, and
// readable by its owner alone.
func Save[T any](d Dir, name string, v *T) error {
	data, err := json.MarshalIndent(v, "", "  ")
	if err == nil {
		err = host.WriteFile(d.Work(name), append(data, '\n'), 0o600, "")
	}
	if err != nil {
		return fmt.Errorf("writing %s: %w", name, err)
	}
	return nil
}

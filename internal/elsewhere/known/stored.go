package known

import (
	"maps"
	"slices"
	"time"

	"github.com/marketcalls/openalgo-install/internal/instance"
)

// Stored is a copy that was sent, as it was sent.
type Stored struct {
	Name    string    `json:"name"`
	Address string    `json:"address"`
	Bytes   int64     `json:"bytes"`
	SHA256  string    `json:"sha256"`
	Read    time.Time `json:"read,omitzero"` // when it was read back last
}

const (
	storedName = "backup-stored.json"
	mostStored = 1000
)

// LoadStored returns the copies that were sent, by their names.
func LoadStored(d instance.Dir) map[string]Stored {
	all, err := instance.Load[[]Stored](d, storedName)
	out := map[string]Stored{}
	if err == nil && all != nil {
		for _, one := range *all {
			out[one.Name] = one
		}
	}
	return out
}

// KeepStored keeps one more, and of those at its address only what is there still.
func KeepStored(d instance.Dir, one Stored, there func(name string) bool) error {
	all := LoadStored(d)
	all[one.Name] = one
	maps.DeleteFunc(all, func(name string, s Stored) bool {
		return s.Address == one.Address && name != one.Name && !there(name)
	})
	list := []Stored{}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		list = append(list, all[name])
	}
	list = list[max(0, len(list)-mostStored):]
	return instance.Save(d, storedName, &list)
}

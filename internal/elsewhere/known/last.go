// Package known is what this machine knows of the copies of backups in stores: how the
// last one ended, what was sent, and whether it was read back since.
package known

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/marketcalls/openalgo-install/internal/backup"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/market"
)

// Last is how the last copy of a backup to a store ended. That of the backup itself is
// backup.Last: one may be well and the other not.
type Last struct {
	At      time.Time `json:"at"`
	OK      bool      `json:"ok"`
	Address string    `json:"address"`
	Name    string    `json:"name,omitempty"`
	Bytes   int64     `json:"bytes,omitempty"`
	Source  string    `json:"source,omitempty"` // the file here
	Message string    `json:"message,omitempty"`
	// Begun says that it has not ended, as far as is known: it runs, or was killed.
	Begun bool `json:"begun,omitempty"`
	// LastGood is when a copy succeeded last, before this one.
	LastGood time.Time `json:"last_good,omitzero"`
	// ReadBack is how one of them was read back last; nil: none was yet.
	ReadBack *ReadBack `json:"read_back,omitempty"`
	// Unproven says that nobody has shown yet that the key of the copies was kept.
	Unproven bool `json:"key_unproven,omitempty"`

	killed bool // it began, and its process is gone
}

// ReadBack is how a copy was read back.
type ReadBack struct {
	At      time.Time `json:"at"`
	OK      bool      `json:"ok"`
	Name    string    `json:"name"`
	Message string    `json:"message,omitempty"`
	// LastGood is when one was found whole last.
	LastGood time.Time `json:"last_good,omitzero"`
}

const lastName = "backup-elsewhere.json"

// LockName is the file that says that a copy is under way. It is not the instance's
// lock: a copy may take hours.
const LockName = "elsewhere.lock"

// LoadLast returns how the last copy ended; nil when there was none.
func LoadLast(d instance.Dir) *Last {
	last, _ := instance.Load[Last](d, lastName)
	if last == nil {
		return nil
	}
	last.Unproven = loadRecipient(d).unproven()
	if last.Begun {
		if lock, err := instance.OpenOwn(d.Work(LockName), os.O_RDONLY); err == nil {
			if last.killed, _ = instance.Flock(lock); last.killed {
				instance.Funlock(lock)
			} else {
				_ = lock.Close()
			}
		}
	}
	return last
}

// Save keeps it, with what is known of those before.
func (l Last) Save(d instance.Dir) error {
	if before := LoadLast(d); before != nil {
		l.LastGood, l.ReadBack = before.Good(), before.ReadBack
	}
	return instance.Save(d, lastName, &l)
}

// SaveReadBack keeps how a copy was read back.
func SaveReadBack(d instance.Dir, r ReadBack) error {
	last := LoadLast(d)
	if last == nil {
		return nil
	}
	if r.OK {
		r.LastGood = r.At
	} else if last.ReadBack != nil {
		r.LastGood = last.ReadBack.LastGood
	}
	last.ReadBack = &r
	return instance.Save(d, lastName, last)
}

// Failed reports whether the copy is not in the store; nil is none.
func (l *Last) Failed() bool {
	return l != nil && !l.OK && (!l.Begun || l.killed)
}

// ReadDue reports whether a copy should be read back.
func (l *Last) ReadDue(now time.Time) bool {
	const every = 7*24*time.Hour - time.Hour // a run is never to the second
	return l != nil && (l.ReadBack == nil || now.Sub(l.ReadBack.LastGood).Abs() > every)
}

// Good returns when a copy succeeded last; zero for never.
func (l *Last) Good() time.Time {
	if l.OK {
		return l.At
	}
	return l.LastGood
}

// Text returns it in one line; "" for nil.
func (l *Last) Text() string {
	switch {
	case l == nil:
		return ""
	case l.Failed():
		return fmt.Sprintf("%s FAILED: %s: %s", market.Text(l.At), l.Address, strings.SplitN(l.Message, "\n", 2)[0])
	case l.Begun:
		return fmt.Sprintf("%s begun and not ended yet: %s", market.Text(l.At), l.Address)
	}
	return fmt.Sprintf("%s  %s, %s (%s)", market.Text(l.At), l.Address, l.Name, backup.SizeText(l.Bytes))
}

// Lines are what else is to be said of the copies.
func (l *Last) Lines() (out []string) {
	if l == nil {
		return nil
	}
	switch r := l.ReadBack; {
	case r == nil:
	case r.OK:
		out = append(out, "read back "+market.Text(r.At)+": "+r.Name+" is whole")
	default:
		out = append(out, "read back "+market.Text(r.At)+" FAILED: "+r.Name+": "+r.Message)
	}
	if l.Unproven {
		out = append(out, "you have not shown yet that you kept the key of these backups")
	}
	return out
}

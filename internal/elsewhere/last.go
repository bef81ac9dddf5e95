package elsewhere

import (
	"fmt"
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
}

const lastName = "backup-elsewhere.json"

// LoadLast returns how the last copy ended; nil when there was none.
func LoadLast(d instance.Dir) *Last {
	last, _ := instance.Load[Last](d, lastName)
	return last
}

func (l Last) save(d instance.Dir) error {
	if before := LoadLast(d); before != nil {
		l.LastGood = before.Good()
	}
	return instance.Save(d, lastName, &l)
}

// mayTake is how long a copy may take until it counts as failed.
const mayTake = 4 * time.Hour

// Failed reports whether the copy is not in the store; nil is none.
func (l *Last) Failed(now time.Time) bool {
	return l != nil && !l.OK && (!l.Begun || now.Sub(l.At).Abs() > mayTake)
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
	case l.Begun:
		return fmt.Sprintf("%s begun and not ended yet: %s", market.Text(l.At), l.Address)
	case !l.OK:
		return fmt.Sprintf("%s FAILED: %s: %s", market.Text(l.At), l.Address, strings.SplitN(l.Message, "\n", 2)[0])
	}
	return fmt.Sprintf("%s  %s, %s (%s)", market.Text(l.At), l.Address, l.Name, backup.SizeText(l.Bytes))
}

package backup

import (
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/marketcalls/openalgo-install/internal/backup/where"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/market"
	"github.com/marketcalls/openalgo-install/internal/printable"
)

// Last is how the last backup of an instance ended.
type Last struct {
	At    time.Time `json:"at"`
	OK    bool      `json:"ok"`
	File  string    `json:"file,omitempty"`
	Bytes int64     `json:"bytes,omitempty"`
	// Unchecked says why SQLite could not check its databases; "" when it did.
	Unchecked   string  `json:"unchecked,omitempty"`
	DownSeconds float64 `json:"down_seconds"`
	FrozenMS    int64   `json:"frozen_ms,omitempty"`
	Message     string  `json:"message"`
	// LastGood is when a backup succeeded last, before this one.
	LastGood time.Time `json:"last_good,omitzero"`
	// Place is where a backup went last that succeeded.
	Place *where.Place `json:"place,omitempty"`
}

// lastName is its file in the work directory.
const lastName = "backup.json"

// LoadLast returns how the last backup of an instance ended; nil when there was
// none.
func LoadLast(d instance.Dir) *Last {
	last, _ := instance.Load[Last](d, lastName)
	return last
}

// Save keeps it for `status`, with when and where a backup succeeded last.
func (l Last) Save(d instance.Dir) error {
	if before := LoadLast(d); before != nil {
		l.LastGood, l.Place = before.Good(), before.Place
	}
	if l.OK && l.File != "" {
		l.Place = where.Of(filepath.Dir(l.File))
	}
	return instance.Save(d, lastName, &l)
}

// Good returns when a backup succeeded last; zero for never.
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
	case !l.OK:
		return fmt.Sprintf("%s FAILED: %s", market.Text(l.At), strings.SplitN(l.Message, "\n", 2)[0])
	}
	return fmt.Sprintf("%s  %s (%s)", market.Text(l.At), l.File, SizeText(l.Bytes))
}

// SizeText returns how large a backup is.
func SizeText(bytes int64) string {
	if bytes < 1<<20 {
		return fmt.Sprintf("%d KiB", (bytes+1023)/1024)
	}
	return printable.Size(bytes)
}

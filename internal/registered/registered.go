// Package registered remembers, for one instance, the public address that was its
// machine's when it came here: the one that its broker knows.
package registered

import (
	"time"

	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/market"
	"github.com/marketcalls/openalgo-install/internal/publicip"
)

const (
	recordName = "address.json" // in the work directory
	recordForm = 1
)

// Record is the address, and since when it is known.
type Record struct {
	Version int              `json:"version"`
	Address publicip.Address `json:"address"`
	At      time.Time        `json:"at"`
}

// NewestForm is the newest version that this release knows.
func (*Record) NewestForm() int { return recordForm }

// Load reads what is remembered; nil is nothing, or what cannot be read.
func Load(d instance.Dir) *Record {
	r, err := instance.Load[Record](d, recordName)
	if err != nil || r == nil || !r.Address.Known() {
		return nil
	}
	return r
}

// Remember takes an address for the one that the broker knows.
func Remember(d instance.Dir, a publicip.Address, now time.Time) error {
	return instance.Save(d, recordName, &Record{Version: recordForm, Address: a, At: now})
}

// Text is the record in a line; "" for nil.
func (r *Record) Text() string {
	if r == nil {
		return ""
	}
	return r.Address.String() + ", found on " + market.Text(r.At)
}

// Differs reports whether the machine has another address than the one that is
// remembered. An address that could not be found out is no other one.
func (r *Record) Differs(now publicip.Address) bool {
	if r == nil {
		return false
	}
	if before := r.Address.IPv4; before.IsValid() && now.IPv4.IsValid() {
		return before != now.IPv4
	}
	return r.Address.IPv6.IsValid() && now.IPv6.IsValid() && r.Address.IPv6 != now.IPv6
}

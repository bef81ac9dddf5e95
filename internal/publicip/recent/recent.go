// Package recent is the public address of this machine as it was found within the last
// hour, for all its instances: what looks again and again does not ask each time.
package recent

import (
	"context"
	"encoding/json"
	"os"
	"sync"
	"time"

	"github.com/marketcalls/openalgo-install/internal/clock"
	"github.com/marketcalls/openalgo-install/internal/hoststate"
	"github.com/marketcalls/openalgo-install/internal/publicip"
)

const (
	name       = "public-ip.json" // in the directory of this machine's state
	knownFor   = 50 * time.Minute // who asks every hour gets a new one
	unknownFor = 10 * time.Minute
)

// found is what was found last.
type found struct {
	Address publicip.Address `json:"address"`
	At      time.Time        `json:"at"`
	// Asked are the services of the environment that were asked; "" is the public ones.
	Asked string `json:"asked,omitempty"`
}

// counts reports whether it still holds. What could not be found is tried again sooner.
func (r found) counts(now time.Time) bool {
	most := knownFor
	if !r.Address.Known() {
		most = unknownFor
	}
	age := now.Sub(r.At)
	return age >= 0 && age < most && r.Asked == os.Getenv(publicip.Services)
}

var asking sync.Mutex // several instances want to know at once

// Find is the address that is remembered; else it asks, for three seconds at most.
func Find(ctx context.Context) publicip.Address {
	if publicip.IsOff() {
		return publicip.Find(ctx) // that asks nobody
	}
	asking.Lock()
	defer asking.Unlock()
	if r := load(); r.counts(clock.Now()) {
		return r.Address
	}
	return Ask(ctx)
}

// Ask asks now, and remembers the address for others.
func Ask(ctx context.Context) publicip.Address {
	a := publicip.Find(ctx)
	if !publicip.IsOff() && ctx.Err() == nil {
		keep(a)
	}
	return a
}

// Known is the address that is remembered, without a question to anybody.
func Known() publicip.Address {
	if r := load(); !publicip.IsOff() && r.counts(clock.Now()) {
		return r.Address
	}
	return publicip.Address{}
}

func load() (r found) {
	if text, err := hoststate.Read(name); err == nil && json.Unmarshal(text, &r) != nil {
		return found{}
	}
	return r
}

// keep notes what was found. A machine that keeps nothing asks again.
func keep(a publicip.Address) {
	if text, err := json.Marshal(found{Address: a, At: clock.Now().UTC(), Asked: os.Getenv(publicip.Services)}); err == nil {
		_ = hoststate.Write(name, text)
	}
}

package ops

import (
	"time"

	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/host"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/secret"
	"github.com/marketcalls/openalgo-install/internal/sizing"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// kit is what a session works with, and what each command asks of it.
type kit struct {
	Engine  Docker
	Machine sizing.Machine // whose RAM and cores count
	Report  event.Reporter
	// Wait is how long the stack may take to answer; 0 is a fitting default.
	Wait time.Duration
	// Resolver looks domains up; nil is the system's.
	Resolver host.Resolver

	dir    instance.Dir
	redact *secret.Redactor
	looker *world.Looker
}

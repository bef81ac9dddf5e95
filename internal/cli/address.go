package cli

import (
	"context"
	"time"

	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/ops"
	"github.com/marketcalls/openalgo-install/internal/plan"
	"github.com/marketcalls/openalgo-install/internal/publicip/recent"
	"github.com/marketcalls/openalgo-install/internal/registered"
	"github.com/marketcalls/openalgo-install/internal/tunnel"
)

// arrives reports whether a command brings an instance to this machine.
func arrives(command string) bool {
	switch command {
	case plan.CommandInstall, plan.CommandAdopt, plan.CommandRestore:
		return true
	}
	return false
}

// withAddress adds this machine's public address to the result of an install. The first
// one is remembered as the one that the broker knows; doctor tells when it changes.
func withAddress(ctx context.Context, s *ops.Session, r event.Result, err error) (event.Result, error) {
	if err != nil || !r.Changed {
		return r, err
	}
	if docker := s.Engine.Info().Endpoint; isElsewhere(docker) {
		r.Docker = docker // brokers see that machine
		return r, nil
	}
	dir := s.Dir()
	r.Address = recent.Ask(ctx)
	if r.Address.Known() && registered.Load(dir) == nil {
		_ = registered.Remember(dir, r.Address, time.Now()) // without it the next install does
	}
	return r, nil
}

// isElsewhere reports whether a Docker runs on another machine.
func isElsewhere(docker string) bool {
	_, elsewhere := tunnel.To(docker)
	return elsewhere
}

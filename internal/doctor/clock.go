package doctor

import (
	"context"

	timeserver "github.com/marketcalls/openalgo-install/internal/clock"
	"github.com/marketcalls/openalgo-install/internal/finding"
)

// clock is whether it follows a time server.
type clock struct{ synced *bool } // nil: not known

func (c *clock) look(context.Context, Look, *patient) { c.synced = timeserver.Synced() }

func (c *clock) judge(patient) []Finding {
	switch {
	case c.synced == nil:
		return nil
	case !*c.synced:
		return warning("clock", finding.Warn("clock-not-set", "the clock is not synchronised with a time server. Brokers refuse logins if it is minutes off").With(shell("sudo timedatectl set-ntp true")))
	}
	return ok("clock", "the clock is synchronised with a time server")
}

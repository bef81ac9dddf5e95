package doctor

import (
	"context"
	"strconv"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/notify"
)

// messages is whether the owner is told what happens.
type messages struct {
	states []notify.State
	known  bool
	err    error
}

func (c *messages) look(context.Context, Look, *patient) {
	c.states, c.err = notify.New("").States()
	c.known = true
}

func (c *messages) judge(p patient) []Finding {
	test := finding.Anywhere("", "notify", "test")
	switch failing := notify.Failing(c.states); {
	case !c.known:
		return nil
	case c.err != nil:
		return warning("messages", finding.Warn("notify-unreadable", "%v", c.err))
	case len(c.states) == 0:
		return ok("messages", "no messages about problems are sent. To choose where they go: `%s`", p.reader.Command("notify", "add", "telegram"))
	case len(failing) > 0:
		return warning("messages", finding.Warn("notify-fails", "%s", strings.Join(failing, ". ")).With(test))
	}
	noun := "1 address"
	if n := len(c.states); n > 1 {
		noun = strconv.Itoa(n) + " addresses"
	}
	return ok("messages", "problems are told to %s", noun)
}

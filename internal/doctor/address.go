package doctor

import (
	"context"
	"time"

	"github.com/marketcalls/openalgo-install/internal/broker"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/publicip"
	"github.com/marketcalls/openalgo-install/internal/registered"
	"github.com/marketcalls/openalgo-install/internal/settings"
)

// address is whether brokers still see the address that they know.
type address struct {
	now    publicip.Address
	before *registered.Record
	where  string // the broker takes an address
}

func (c *address) look(ctx context.Context, l Look, p *patient) {
	if p.instance == nil {
		return
	}
	find := l.Public
	if find == nil {
		find = publicip.Find
	}
	c.now, c.before = find(ctx), registered.Load(instance.Dir(l.Dir))
	b := broker.Broker{}
	if p.env != nil {
		b, _ = broker.Find(settings.BrokerOf(p.env))
	}
	c.where = b.Where()
}

func (c *address) judge(patient) []Finding {
	switch {
	case c.now.Guess && c.before.Differs(c.now): // the services are away
		return unseen(ok("address", "no service tells this machine's public address. Your broker knows %s. To see the current one: %s", c.before.Address, publicip.Question), "address-changed")
	case c.before.Differs(c.now):
		return fixed(FixAddress, failure("address", finding.Named(finding.Failed, "address-changed",
			"this machine's public address is now %s. It was %s. Brokers reject orders from an address that is not registered. "+
				"Register the new one (%s). %s",
			c.now, c.before.Address, c.where, c.now.Stays()).With(finding.Run("After you have registered it", "doctor", "--fix"))))
	case c.now.Known():
		return ok("address", "brokers see this machine as %s", c.now)
	case c.before != nil:
		return unseen(ok("address", "cannot find this machine's public address. Your broker knows %s. To see the current one: %s", c.before.Address, publicip.Question), "address-changed")
	}
	return nil
}

// fixAddress takes the present address for the one that the broker knows.
func (l Look) fixAddress(ctx context.Context) error {
	now := publicip.Find(ctx)
	if !now.Known() {
		return finding.Named(finding.Failed, "address-unknown", "cannot find this machine's public address. To see it: %s", publicip.Question)
	}
	return registered.Remember(instance.Dir(l.Dir), now, time.Now())
}

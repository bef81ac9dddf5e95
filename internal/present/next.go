package present

import (
	"fmt"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/broker"
	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/publicip"
	"github.com/marketcalls/openalgo-install/internal/tunnel"
)

// Next is what a person has to know after an install.
type Next struct {
	Dir string // of the instance
	// Tunnel is how a person logs in here, for an instance that listens on this
	// machine only.
	Tunnel tunnel.Way
	// HasKey says that the instance had a broker's API key before, and keeps it.
	HasKey bool
	// Result is how the install ended.
	Result event.Result
	// CopyKey is the key that copies the tunnel's command; "" is none.
	CopyKey string
	// Commands are those worth knowing, each with what it does.
	Commands [][2]string
}

// After is what a person has to know after an install that ended so.
func (n Next) After(r event.Result) Next {
	n.Result = r
	return n
}

// Repeated reports whether a note of a run says what the lines say as well.
func Repeated(note string) bool {
	return strings.HasPrefix(note, "next: ") || strings.Contains(note, " the redirect URL must be exactly ")
}

// Way is how a person logs in to the machine on which OpenAlgo runs.
func (n Next) Way() tunnel.Way {
	if way, elsewhere := tunnel.To(n.Result.Docker); elsewhere {
		return way
	}
	return n.Tunnel.Or(n.Result.Address.Best())
}

// machine is the one on which OpenAlgo runs.
func (n Next) machine() string {
	if n.Result.Docker != "" {
		return n.Way().Host
	}
	return "this machine"
}

// Lines say in plain lines what comes after an install with these answers.
func (n Next) Lines(a answers.Answers) []string {
	b, _ := broker.Of(a.Broker.Name)
	var out []string
	steps := 0
	step := func(text string, more ...string) {
		steps++
		out = append(out, fmt.Sprintf("%d. %s", steps, text))
		for _, line := range more {
			out = append(out, "   "+line)
		}
	}
	if proxy := answers.ProxyStep(a); proxy != "" {
		step(proxy)
	}
	switch account := n.Result.Account; {
	case !account.Link.Empty():
		more := []string{account.Link.Reveal(), "To see the link again: " + finding.Command(n.Dir, "status")}
		if round := account.RoundGate(); round != "" {
			more = append(more, round+". Create the account now.")
		}
		step("Open this secret link and create the admin account. Until then the site is closed to everyone else:", more...)
	case account.Public != "":
		step("Open " + account.Public + " now and create the admin account. OpenAlgo makes its first visitor the admin, whoever that is.")
	case a.Domain == "" && a.Ports.InNetwork():
		step("Open " + a.Origin() + " on " + n.machine() + " or in its network, and create the admin account.")
	case a.Domain == "":
		text := "Open OpenAlgo on this machine, or from another computer through SSH:"
		if n.Tunnel.Port != 0 { // somebody logged in from there
			text = "Open OpenAlgo from your own computer through SSH, or on this machine:"
		}
		if n.Result.Docker != "" {
			text = "OpenAlgo runs on " + n.Way().Host + ", where Docker is. Open it on that machine, or from another computer through SSH:"
		}
		lines := n.Way().Lines(a.Ports)
		if n.CopyKey != "" {
			lines[1] += " (press " + n.CopyKey + " to copy it)"
		}
		step(text, append(lines, "Create the admin account there.")...)
	default:
		step("Open that address and create the admin account.")
	}
	step("At " + b.Name + " the redirect URL must be exactly " + b.RedirectURL(a.Origin()))
	if !n.HasKey && broker.Awaited(a.Broker.APIKey.Reveal()) {
		key := noKey(b.ID, n.Dir)
		step(key[0], key[1:]...)
	}
	step(n.atBroker(b), "Orders from another address are rejected (SEBI rule since 1 April 2026). "+n.Result.Address.Stays())
	step(broker.DailyLogin, broker.DailyLoginPage)
	step("Keep a copy of " + n.Dir + "/.env. Only its encryption keys open your data.")
	out = append(out,
		"",
		"Your answers, without the secrets, are in "+n.Dir+"/openalgo-install.yaml.",
		"Useful commands:")
	for _, c := range n.Commands {
		out = append(out, "  "+c[0], "    "+c[1])
	}
	return out
}

// atBroker says which address the broker must know, and where that is entered.
func (n Next) atBroker(b broker.Broker) string {
	a := n.Result.Address
	switch {
	case n.Result.Docker != "":
		return "Register the public address of " + n.Way().Host + " at your broker (" + b.Where() + "). To see it, run there: " + publicip.Question
	case !a.Known():
		return "Register this machine's public address at your broker (" + b.Where() + "). To see the address, run on this machine: " + publicip.Question
	}
	return "Register this machine's address " + a.String() + " at your broker (" + b.Where() + ")."
}

// noKey says where a broker's API key comes from and where it goes, for an instance
// that has none yet.
func noKey(id, dir string) []string {
	b, _ := broker.Of(id)
	command := []string{"set", "BROKER_API_KEY", "BROKER_API_SECRET"}
	if b.NeedsMarketData() {
		command = append(command, "BROKER_API_KEY_MARKET", "BROKER_API_SECRET_MARKET")
	}
	return []string{
		"There is no API key yet, so OpenAlgo cannot log in to " + b.Name + ". Get the key here: " + b.Where(),
		"Then enter the key: " + finding.Command(dir, command...),
		"In newer OpenAlgo releases you can also enter it after your login, at Select broker > Configure.",
	}
}

package present

import (
	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/broker"
	"github.com/marketcalls/openalgo-install/internal/tunnel"
)

// Next is what a person has to know after an install.
type Next struct {
	Dir string // of the instance
	// Tunnel is how a person logs in here, for an instance that listens on this
	// machine only.
	Tunnel tunnel.Way
	// Commands are those worth knowing, each with what it does.
	Commands [][2]string
}

// Lines say in plain lines what comes after an install with these answers.
func (n Next) Lines(a answers.Answers) []string {
	b, _ := broker.Find(a.Broker.Name)
	out := []string{"1. Open it and create the admin account."}
	switch {
	case a.Domain == "" && a.Ports.InNetwork():
		out = []string{"1. Open " + a.Origin() + " on this machine or in its network, and create the admin account."}
	case a.Domain == "":
		out = []string{"1. Open it on this machine, or from another computer through SSH:"}
		for _, line := range n.Tunnel.Lines(a.Ports) {
			out = append(out, "   "+line)
		}
		out = append(out, "   Create the admin account there.")
	}
	out = append(out,
		"2. At "+b.Name+" the redirect URL must be exactly "+b.RedirectURL(a.Origin()),
		"3. Keep a copy of "+n.Dir+"/.env: its keys open the data.",
		"",
		"The answers, less every secret, are in "+n.Dir+"/openalgo-install.yaml.",
		"Worth knowing:")
	for _, c := range n.Commands {
		out = append(out, "  "+c[0], "    "+c[1])
	}
	return out
}

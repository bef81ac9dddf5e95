package present

import (
	"fmt"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/broker"
)

// Next is what a person has to know after an install.
type Next struct {
	Dir string // of the instance
	// Tunnel is a command, with the verb %s for each of the two ports, by which somebody who came over ssh reaches an instance that is for this machine only; "" is none.
	Tunnel string
	// Commands are those worth knowing, each with what it does.
	Commands [][2]string
}

// Lines say in plain lines what comes after an install with these answers.
func (n Next) Lines(a answers.Answers) []string {
	b, _ := broker.Find(a.Broker.Name)
	out := []string{"1. Open it and create the admin account."}
	if a.Domain == "" && n.Tunnel != "" {
		out = []string{
			"1. On your own computer, run this and leave it running:",
			"   " + fmt.Sprintf(n.Tunnel, forward(a.Ports, a.Ports.Web), forward(a.Ports, a.Ports.WebSocket)),
			"   Then open the address there, and create the admin account.",
		}
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

// forward is a port as ssh -L takes it.
func forward(p answers.Ports, port int) string { return fmt.Sprintf("%d:%s", port, p.At(port)) }

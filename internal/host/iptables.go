package host

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
)

// savePrograms print the rules of iptables. The first is one of the other two,
// and a packet has to pass the rules of both.
var savePrograms = []string{"iptables-save", "iptables-legacy-save", "iptables-nft-save"}

// iptablesClosed looks for rules of iptables that keep everybody out of the
// ports. read is whether there was a list of rules.
func iptablesClosed(ctx context.Context, ports []int) (out []closedBy, read bool) {
	var seen []string
	for _, program := range savePrograms {
		text, err := run(ctx, program)
		if err != nil || slices.Contains(seen, text) {
			continue
		}
		seen, read = append(seen, text), true
		rules := readRules(text)
		var closed []int
		at := 0
		for _, port := range ports {
			if open, by := rules.lets(port); !open {
				closed = append(closed, port)
				if by > 0 && (at == 0 || by < at) {
					at = by
				}
			}
		}
		if len(closed) > 0 {
			out = append(out, closedBy{strings.TrimSuffix(program, "-save"), closed, at})
		}
	}
	return out, read
}

// closedBy are ports that a program's rules keep closed.
type closedBy struct {
	program string // iptables, iptables-legacy, iptables-nft
	ports   []int
	at      int // the rule of the chain INPUT that closes them; 0 is its policy
}

// opening is the command that lets the ports in, right before what closes them.
func (c closedBy) opening() []string {
	place := []string{"-A", "INPUT"}
	if c.at > 0 {
		place = []string{"-I", "INPUT", fmt.Sprint(c.at)}
	}
	list := make([]string, len(c.ports))
	for i, port := range c.ports {
		list[i] = fmt.Sprint(port)
	}
	return slices.Concat([]string{c.program}, place, []string{"-p", "tcp", "-m", "multiport", "--dports", strings.Join(list, ","), "-j", "ACCEPT"})
}

// saving is the command that keeps the rules over a restart of the machine; none where
// nothing here does that.
func saving() []string {
	switch _, err := exec.LookPath("netfilter-persistent"); {
	case err == nil:
		return []string{"netfilter-persistent", "save"}
	case isFile("/etc/sysconfig/iptables"):
		return []string{"service", "iptables", "save"}
	}
	return nil
}

func (c closedBy) problem() FirewallProblem {
	why := "its chain INPUT drops connections without a rule"
	if c.at > 0 {
		why = fmt.Sprintf("rule %d of its chain INPUT blocks connections that no earlier rule allows", c.at)
	}
	p := FirewallProblem{
		Text:     fmt.Sprintf("%s does not let %s in: %s", c.program, words(c.ports), why),
		Commands: []string{"sudo " + strings.Join(c.opening(), " ")},
	}
	if save := saving(); save != nil {
		p.Commands = append(p.Commands, "sudo "+strings.Join(save, " "))
	} else {
		p.Text += ". A restart of this machine removes these rules. Save them if they shall stay"
	}
	return p
}

// openIPTables lets the ports in where rules of iptables keep them out.
func openIPTables(ctx context.Context, ports []int) (done []string, err error) {
	closed, _ := iptablesClosed(ctx, ports)
	for _, c := range closed {
		command := c.opening()
		if _, err := run(ctx, command[0], command[1:]...); err != nil {
			return done, err
		}
		undo := append([]string{"-D", "INPUT"}, command[slices.Index(command, "-p"):]...)
		done = append(done, fmt.Sprintf("opened %s in %s (%s %s closes it)", words(c.ports), c.program, c.program, strings.Join(undo, " ")))
	}
	if len(closed) == 0 {
		return done, nil
	}
	save := saving()
	if save == nil {
		return append(done, "nothing on this machine saves iptables rules, so a restart removes them. Then openalgo-install doctor reports it"), nil
	}
	_, err = run(ctx, save[0], save[1:]...)
	return done, err
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// ruleset is the filter table of iptables, by the names of its chains.
type ruleset map[string]*ruleChain

type ruleChain struct {
	policy string // ACCEPT or DROP; - in a chain of the user's own
	rules  [][]string
}

// readRules reads the filter table in what iptables-save prints.
func readRules(text string) ruleset {
	r, table := ruleset{}, ""
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, "*"):
			table = line[1:]
		case table != "filter":
		case strings.HasPrefix(line, ":"):
			if fields := strings.Fields(line[1:]); len(fields) > 1 {
				r[fields[0]] = &ruleChain{policy: fields[1]}
			}
		case strings.HasPrefix(line, "-A "):
			if args := ruleWords(line); len(args) > 2 && r[args[1]] != nil {
				r[args[1]].rules = append(r[args[1]].rules, args[2:])
			}
		}
	}
	return r
}

// ruleWords splits a rule at its spaces; a comment or a prefix stands in quotes.
func ruleWords(line string) (out []string) {
	var word strings.Builder
	quoted, escaped, begun := false, false, false
	for _, c := range line {
		switch {
		case escaped:
			word.WriteRune(c)
			escaped = false
		case c == '\\' && quoted:
			escaped = true
		case c == '"':
			quoted, begun = !quoted, true
		case c == ' ' && !quoted:
			if begun {
				out = append(out, word.String())
			}
			word.Reset()
			begun = false
		default:
			word.WriteRune(c)
			begun = true
		}
	}
	if begun {
		out = append(out, word.String())
	}
	return out
}

// lets reports whether somebody on the internet can begin a connection to a TCP
// port. by is the rule of INPUT, from 1, that says no; 0 is the policy. What
// cannot be judged counts as open: a warning has to be right.
func (r ruleset) lets(port int) (open bool, by int) {
	input := r["INPUT"]
	if input == nil {
		return true, 0
	}
	for i, rule := range input.rules {
		switch r.rule(rule, port, 0) {
		case verdictOpen:
			return true, 0
		case verdictClosed:
			return false, i + 1
		case verdictReturn:
			return input.policy != "DROP", 0
		}
	}
	return input.policy != "DROP", 0
}

// verdict is what a rule or a chain says of a connection.
type verdict int

const (
	verdictNone   verdict = iota // the next rule decides
	verdictReturn                // the rest of the chain is left out
	verdictOpen
	verdictClosed
)

// mostJumps is deeper than any rules lead from chain to chain.
const mostJumps = 16

func (r ruleset) rule(args []string, port, depth int) verdict {
	m := matchOf(args, port)
	if m.who == nobody {
		return verdictNone
	}
	everyone := m.who == everybody
	switch m.target {
	case "ACCEPT", "NFQUEUE", "QUEUE":
		if m.who != few {
			return verdictOpen
		}
	case "DROP", "REJECT", "TARPIT":
		if everyone {
			return verdictClosed
		}
	case "RETURN":
		if everyone {
			return verdictReturn
		}
	default:
		chain := r[m.target]
		if chain == nil || depth == mostJumps {
			return verdictNone // LOG and the like
		}
		for _, rule := range chain.rules {
			switch v := r.rule(rule, port, depth+1); {
			case v == verdictReturn:
				return verdictNone
			case v == verdictOpen && m.who != few, v == verdictClosed && everyone:
				return v
			}
		}
	}
	return verdictNone
}

package host

import (
	"context"
	"slices"
)

// Unguarded returns those of some ports that no firewall of this machine closes. Where
// ufw or firewalld is on, or nftables drops by default, somebody has decided: none.
func Unguarded(ctx context.Context, ports []int) []int {
	if len(ports) == 0 {
		return nil
	}
	_, ufw := ufwClosed(ctx, nil)
	_, firewalld := firewalldClosed(ctx, nil)
	if ufw || firewalld {
		return nil
	}
	rules, read := iptablesClosed(ctx, ports)
	if nftDrops(ctx, read) {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(ports), func(port int) bool {
		return slices.ContainsFunc(rules, func(c closedBy) bool { return slices.Contains(c.ports, port) })
	})
}

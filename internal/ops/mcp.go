package ops

import (
	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/finding"
)

// MCP switches OpenAlgo's remote MCP server on or off.
func MCP(m answers.RemoteMCP) Command {
	return Reconfigure("mcp", func(a *answers.Answers) error {
		if a.RemoteMCP = m; m.Enabled && a.Domain == "" {
			return finding.Named(finding.Usage, "domain-needed", "remote MCP needs HTTPS, and this instance has no domain").
				With(finding.Run("Set a domain first", "domain", "algo.example.com")).Ending(finding.Unchanged)
		}
		return nil
	})
}

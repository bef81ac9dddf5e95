package ops

import "github.com/marketcalls/openalgo-install/internal/answers"

// MCP switches OpenAlgo's remote MCP server on or off.
func MCP(m answers.RemoteMCP) Command {
	return Reconfigure("mcp", func(a *answers.Answers) error {
		a.RemoteMCP = m
		return nil
	})
}

package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/ops"
)

func init() { register(newMCP) }

func newMCP(a *app) *cobra.Command {
	var o changeOptions
	var write, noApproval bool
	cmd := &cobra.Command{
		Use:   "mcp on|off",
		Short: "Allow AI clients to use OpenAlgo over the internet",
		Long: `Switch OpenAlgo's remote MCP server on or off. AI clients that you approve can
use these scopes:

  read:market     quotes, depth, history
  read:account    orders, holdings, positions, funds
  write:orders    place, change and cancel real orders; only with --write-orders

You approve each client in OpenAlgo first, unless you add --no-approval. Remote
MCP needs a domain with HTTPS. Afterwards openalgo-install checks each endpoint.
If one does not answer correctly, the change is rolled back.`,
		Example: `  openalgo-install mcp on
  openalgo-install mcp off`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 || args[0] != "on" && args[0] != "off" {
				return usage("mcp needs on or off").With(finding.Run("For example", "mcp", "on"))
			}
			if args[0] == "off" && (write || noApproval) {
				return usage("--write-orders and --no-approval go with: mcp on")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			m := answers.RemoteMCP{Enabled: args[0] == "on", WriteOrders: write, RequireApproval: !noApproval}
			return a.change(cmd.Context(), o, noted(ops.MCP(m), mcpNote))
		},
	}
	cmd.Flags().BoolVar(&write, "write-orders", false, "let clients use write:orders: they trade with your money")
	cmd.Flags().BoolVar(&noApproval, "no-approval", false, "let clients connect without your approval")
	o.flags(cmd)
	return cmd
}

// mcpNote spells out what clients may do now.
func mcpNote(ans answers.Answers) string {
	m := ans.RemoteMCP
	if !m.Enabled {
		return "AI clients can no longer reach OpenAlgo"
	}
	scopes := "read:market and read:account: they can look, not trade"
	if m.WriteOrders {
		scopes = "read:market, read:account and write:orders: they can trade with your money"
	}
	approval := "after you approve each client"
	if !m.RequireApproval {
		approval = "without your approval"
	}
	return fmt.Sprintf("AI clients connect to %s/mcp, %s, with %s", ans.Origin(), approval, scopes)
}

package cli

import (
	"github.com/spf13/cobra"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/broker"
	"github.com/marketcalls/openalgo-install/internal/ops"
)

func init() { register(newDomain) }

type domainCommand struct {
	*app
	changeOptions
	ops.DomainOptions
	none bool
}

func newDomain(a *app) *cobra.Command {
	c := &domainCommand{app: a}
	cmd := &cobra.Command{
		Use:   "domain NAME",
		Short: "Serve OpenAlgo under another name",
		Long: `Serve OpenAlgo under NAME. openalgo-install first gets the certificate for the new
name, while the previous name is still served. Then it changes the settings in
.env that depend on the name, recreates the container, checks OpenAlgo over HTTPS,
and removes the previous name. If a step fails, everything is as before.

Change the redirect URL at your broker afterwards: it is shown at the end.`,
		Example: `  openalgo-install domain algo.example.com
  openalgo-install domain algo.example.com --tls nginx --cert a.pem --key a.key
  openalgo-install domain --none`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 && !c.none || len(args) > 0 && c.none {
				return usage("domain needs one NAME, or --none for this machine only")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				c.Name = args[0]
			}
			c.TLSGiven = cmd.Flags().Changed("tls")
			return c.change(cmd.Context(), c.changeOptions, noted(ops.Domain(c.DomainOptions), redirectNote))
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&c.TLS.Mode, "tls", "", "auto, files, nginx or off; as it is when left out, auto for a first domain")
	flags.StringVar(&c.TLS.Email, "email", "", "for the certificate authority")
	flags.StringVar(&c.TLS.Cert, "cert", "", "certificate of your own (PEM)")
	flags.StringVar(&c.TLS.Key, "key", "", "its key (PEM)")
	flags.StringVar(&c.TLS.CA, "ca", "", "ACME directory of another certificate authority than Let's Encrypt")
	flags.StringVar(&c.TLS.CARoot, "ca-root", "", "PEM file with the root certificate of that certificate authority")
	flags.BoolVar(&c.NoDNS, "no-dns-check", false, "accept a name that points to another machine")
	flags.BoolVar(&c.none, "none", false, "remove the domain: OpenAlgo is reachable on this machine only")
	c.flags(cmd)
	return cmd
}

// redirectNote says what must be changed at the broker.
func redirectNote(ans answers.Answers) string {
	b, ok := broker.Of(ans.Broker.Name)
	if !ok {
		return ""
	}
	return "at " + b.Name + " the redirect URL must be changed to " + b.RedirectURL(ans.Origin())
}

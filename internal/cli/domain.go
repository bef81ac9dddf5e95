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
		Short: "Serve OpenAlgo under another domain",
		Long: `Serve OpenAlgo under NAME. openalgo-install first gets the certificate for the
new name, while the previous name still works. Then it changes the settings in
.env that contain the name, recreates the container, checks OpenAlgo over HTTPS,
and removes the previous name. If a step fails, openalgo-install undoes all
steps.

Afterwards change the redirect URL at your broker. The result shows it.`,
		Example: `  openalgo-install domain algo.example.com
  openalgo-install domain algo.example.com --tls nginx --cert a.pem --key a.key
  openalgo-install domain --none`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 && !c.none || len(args) > 0 && c.none {
				return usage("domain needs a NAME, or --none to use OpenAlgo on this machine only")
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
	flags.StringVar(&c.TLS.Mode, "tls", "", "auto, files, nginx or off; the default is the current mode, or auto for a first domain")
	flags.StringVar(&c.TLS.Email, "email", "", "your e-mail address for the certificate authority")
	flags.StringVar(&c.TLS.Cert, "cert", "", "file with your own certificate (PEM)")
	flags.StringVar(&c.TLS.Key, "key", "", "file with the private key of that certificate (PEM)")
	flags.StringVar(&c.TLS.CA, "ca", "", "ACME directory of a certificate authority other than Let's Encrypt")
	flags.StringVar(&c.TLS.CARoot, "ca-root", "", "PEM file with the root certificate of that certificate authority")
	flags.BoolVar(&c.NoDNS, "no-dns-check", false, "accept a name that does not point to this machine")
	flags.BoolVar(&c.none, "none", false, "remove the domain; OpenAlgo can then be reached on this machine only")
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

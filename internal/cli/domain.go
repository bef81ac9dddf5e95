package cli

import (
	"github.com/spf13/cobra"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/broker"
)

func init() { register(newDomain) }

type domainCommand struct {
	*app
	changeOptions
	name     string
	tls      answers.TLS
	none     bool
	noDNS    bool
	tlsGiven bool
}

func newDomain(a *app) *cobra.Command {
	c := &domainCommand{app: a}
	cmd := &cobra.Command{
		Use:   "domain NAME",
		Short: "Serve OpenAlgo under another name",
		Long: `Serve OpenAlgo under NAME. The certificate for the new name comes first, while
the former one is served; then every key of .env that follows the name changes,
the container is made anew and verified over HTTPS, and the former name goes.
When any of it fails, all is as before.

The redirect URL at your broker must follow: it is shown at the end.`,
		Example: `  openalgo-install domain algo.example.com
  openalgo-install domain algo.example.com --tls nginx --cert a.pem --key a.key
  openalgo-install domain --none`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 && !c.none || len(args) > 0 && c.none {
				return usage("one NAME is wanted, or --none for this machine only")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				c.name = args[0]
			}
			c.tlsGiven = cmd.Flags().Changed("tls")
			return c.change(cmd.Context(), c.changeOptions, reconfigured("domain", c.apply, redirectNote))
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&c.tls.Mode, "tls", "", "auto, files, nginx or off; as it is when left out, auto for a first domain")
	flags.StringVar(&c.tls.Email, "email", "", "for the certificate authority")
	flags.StringVar(&c.tls.Cert, "cert", "", "certificate of your own (PEM)")
	flags.StringVar(&c.tls.Key, "key", "", "its key (PEM)")
	flags.StringVar(&c.tls.CA, "ca", "", "ACME directory of another authority than Let's Encrypt")
	flags.StringVar(&c.tls.CARoot, "ca-root", "", "PEM file that the authority's certificates lead to")
	flags.BoolVar(&c.noDNS, "no-dns-check", false, "also when the name leads elsewhere")
	flags.BoolVar(&c.none, "none", false, "no domain any more: this machine only")
	c.flags(cmd)
	return cmd
}

// apply makes the change in the answers.
func (c *domainCommand) apply(a *answers.Answers) error {
	first := a.Domain == ""
	a.Domain = c.name
	if c.none {
		a.TLS = answers.TLS{Mode: "off", CheckDNS: true}
		a.RemoteMCP.Enabled = false
		return nil
	}
	if c.tlsGiven || first {
		a.TLS = answers.TLS{Mode: c.tls.Mode, Email: a.TLS.Email, CheckDNS: true, Edge: a.TLS.Edge}
	}
	for given, to := range map[*string]*string{&c.tls.Email: &a.TLS.Email, &c.tls.Cert: &a.TLS.Cert, &c.tls.Key: &a.TLS.Key,
		&c.tls.CA: &a.TLS.CA, &c.tls.CARoot: &a.TLS.CARoot} {
		if *given != "" {
			*to = *given
		}
	}
	if c.noDNS {
		a.TLS.CheckDNS = false
	}
	return nil
}

// redirectNote says what must be changed at the broker.
func redirectNote(ans answers.Answers) string {
	b, ok := broker.Find(ans.Broker.Name)
	if !ok {
		return ""
	}
	return "at " + b.Name + " the redirect URL must be changed to " + b.RedirectURL(ans.Origin())
}

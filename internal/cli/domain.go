package cli

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/broker"
	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/ops"
	"github.com/marketcalls/openalgo-install/internal/plan"
)

type domainOptions struct {
	name     string
	tls      answers.TLS
	none     bool
	noDNS    bool
	tlsGiven bool
	change   changeOptions
}

// changeOptions are those of every command that changes an answer.
type changeOptions struct {
	now, dryRun bool
	wait        time.Duration
}

// nowWay is the advice where a market is open and nobody can be asked.
const nowWay = "To do this now, add --now."

func nowFlag(cmd *cobra.Command, now *bool) {
	cmd.Flags().BoolVar(now, "now", false, "do this now, even if a market is open")
}

func waitFlag(cmd *cobra.Command, wait *time.Duration) {
	cmd.Flags().DurationVar(wait, "wait", 0, "longest wait for a start (default 5m without progress, 20m in all)")
}

func (o *changeOptions) flags(cmd *cobra.Command) {
	nowFlag(cmd, &o.now)
	waitFlag(cmd, &o.wait)
	cmd.Flags().BoolVar(&o.dryRun, "dry-run", false, "print the plan and change nothing")
}

func (a *app) domainCommand() *cobra.Command {
	var o domainOptions
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
			if len(args) != 1 && !o.none || len(args) > 0 && o.none {
				return usage("one NAME is wanted, or --none for this machine only")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				o.name = args[0]
			}
			o.tlsGiven = cmd.Flags().Changed("tls")
			return a.reconfigure(cmd.Context(), "domain", o.change, o.apply, a.redirectNote)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&o.tls.Mode, "tls", "", "auto, files, nginx or off; as it is when left out, auto for a first domain")
	flags.StringVar(&o.tls.Email, "email", "", "for the certificate authority")
	flags.StringVar(&o.tls.Cert, "cert", "", "certificate of your own (PEM)")
	flags.StringVar(&o.tls.Key, "key", "", "its key (PEM)")
	flags.StringVar(&o.tls.CA, "ca", "", "ACME directory of another authority than Let's Encrypt")
	flags.StringVar(&o.tls.CARoot, "ca-root", "", "PEM file that the authority's certificates lead to")
	flags.BoolVar(&o.noDNS, "no-dns-check", false, "also when the name leads elsewhere")
	flags.BoolVar(&o.none, "none", false, "no domain any more: this machine only")
	o.change.flags(cmd)
	return cmd
}

// apply makes the change in the answers.
func (o *domainOptions) apply(a *answers.Answers) error {
	first := a.Domain == ""
	a.Domain = o.name
	if o.none {
		a.TLS = answers.TLS{Mode: "off", CheckDNS: true}
		a.RemoteMCP.Enabled = false
		return nil
	}
	if o.tlsGiven || first {
		a.TLS = answers.TLS{Mode: o.tls.Mode, Email: a.TLS.Email, CheckDNS: true, Edge: a.TLS.Edge}
	}
	for given, to := range map[*string]*string{&o.tls.Email: &a.TLS.Email, &o.tls.Cert: &a.TLS.Cert, &o.tls.Key: &a.TLS.Key,
		&o.tls.CA: &a.TLS.CA, &o.tls.CARoot: &a.TLS.CARoot} {
		if *given != "" {
			*to = *given
		}
	}
	if o.noDNS {
		a.TLS.CheckDNS = false
	}
	return nil
}

// redirectNote says what must be changed at the broker.
func (a *app) redirectNote(ans answers.Answers) string {
	b, ok := broker.Find(ans.Broker.Name)
	if !ok {
		return ""
	}
	return "at " + b.Name + " the redirect URL must be changed to " + b.RedirectURL(ans.Origin())
}

// follow sets how an installer asks and waits, by the flags.
func (a *app) follow(in *ops.Session, o changeOptions) {
	in.Wait = o.wait
	in.Confirm = func(p *plan.Plan) error { return a.confirmPlan(p, o.now, nowWay) }
}

// reconfigure changes answers of an installed stack, and carries that out.
func (a *app) reconfigure(ctx context.Context, command string, o changeOptions, change func(*answers.Answers) error, note func(answers.Answers) string) error {
	out := a.presenter()
	in, done, err := a.session(ctx, out)
	if err != nil {
		return out.end(event.Result{}, err)
	}
	defer done()
	a.follow(in, o)
	var after answers.Answers
	noted := func(ans *answers.Answers) error {
		err := change(ans)
		after = *ans
		return err
	}
	if o.dryRun {
		plan, err := in.PlanReconfigure(ctx, command, noted)
		if err != nil {
			return out.end(event.Result{}, err)
		}
		return a.showPlan(plan)
	}
	result, err := in.Reconfigure(ctx, command, noted)
	if err == nil && result.Changed && note != nil {
		in.Note(note(after))
	}
	return out.end(result, err)
}

package ops

import "github.com/marketcalls/openalgo-install/internal/answers"

// DomainOptions say under which name OpenAlgo is served, and how.
type DomainOptions struct {
	Name string // "": this machine only
	// TLS replaces what the answers say of HTTPS, field by field where it has one.
	TLS      answers.TLS
	TLSGiven bool // its mode was asked for
	NoDNS    bool // also where the name leads elsewhere
}

// Domain serves OpenAlgo under another name.
func Domain(d DomainOptions) Command {
	return Reconfigure("domain", func(a *answers.Answers) error {
		d.apply(a)
		return nil
	})
}

func (d DomainOptions) apply(a *answers.Answers) {
	first := a.Domain == ""
	a.Domain = d.Name
	if d.Name == "" {
		a.TLS = answers.TLS{Mode: "off", CheckDNS: true}
		a.RemoteMCP.Enabled = false
		return
	}
	if d.TLSGiven || first {
		a.TLS = answers.TLS{Mode: d.TLS.Mode, Email: a.TLS.Email, CheckDNS: true, Edge: a.TLS.Edge}
	}
	for given, to := range map[*string]*string{&d.TLS.Email: &a.TLS.Email, &d.TLS.Cert: &a.TLS.Cert, &d.TLS.Key: &a.TLS.Key,
		&d.TLS.CA: &a.TLS.CA, &d.TLS.CARoot: &a.TLS.CARoot} {
		if *given != "" {
			*to = *given
		}
	}
	if d.NoDNS {
		a.TLS.CheckDNS = false
	}
}

package doctor

import "github.com/marketcalls/openalgo-install/internal/finding"

// account tells that there is no admin account yet, which the first visitor makes.
func account(p patient) []Finding {
	if p.instance == nil || !p.instance.NoAccount {
		return nil
	}
	switch a := p.instance.Account; {
	case a.Port != "":
		return warning("account", finding.Warn("account-open", "there is no admin account yet. The site is closed to others, but port %s of this machine is open to the network. "+
			"The first visitor there becomes the admin. Create the account now with your secret link", a.Port).With(ours("status")))
	case !a.Link.Empty():
		return warning("account", finding.Warn("account-missing", "there is no admin account yet. The site is closed to others until you create the account with your secret link").With(ours("status")))
	case a.Public != "":
		return warning("account", finding.Warn("account-open", "there is no admin account yet. The first visitor of %s becomes the admin. Create the account now", a.Public).With(toClose(p)...))
	}
	return warning("account", finding.Warn("account-missing", "there is no admin account yet. Open %s and create it", p.instance.URL))
}

// toClose closes a site that this machine serves to others.
func toClose(p patient) []finding.Hint {
	if p.instance.HTTPS == nil {
		return nil
	}
	return []finding.Hint{ours("domain", p.instance.HTTPS.Domain)}
}

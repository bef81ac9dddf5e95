package ready

import (
	"github.com/marketcalls/openalgo-install/internal/edge"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/readfile"
)

// SiteOf returns how the site of an instance is asked, by its state.
func SiteOf(s instance.Edge) Site {
	site := edge.Site{}
	if s.Root != "" {
		site.CARoot, _ = readfile.Regular(s.Root, readfile.Config) // without it the check itself fails, and says so
	}
	trust := edge.TrustOf(site)
	trust.Any = s.Any
	return Site{Domain: s.Domain, Port: s.HTTPS, Trust: trust}
}

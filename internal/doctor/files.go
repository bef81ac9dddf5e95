package doctor

import (
	"errors"
	"io/fs"
	"time"

	"github.com/marketcalls/openalgo-install/internal/compose"
	"github.com/marketcalls/openalgo-install/internal/envfile"
)

func files(p patient) []Finding {
	byCompose := p.container == nil || p.container.Labels[compose.LabelProject] != ""
	if p.instance != nil && !p.compose && byCompose {
		return warning("compose", p.command+" --answers "+p.dir+"/openalgo-install.yaml", "%s/docker-compose.yaml is not there: docker compose can't work on this OpenAlgo", p.dir)
	}
	return nil
}

// env holds .env against the app's own rules.
func env(p patient) (out []Finding) {
	switch {
	case p.instance == nil:
		return nil
	case errors.Is(p.envErr, fs.ErrPermission):
		return warning("env", "sudo "+p.command+" doctor", "%s/.env can't be read by this user", p.dir)
	case p.envErr != nil:
		return failure("env", "bring it back from "+p.dir+"/.openalgo-install/backups", "%v", p.envErr)
	}
	for _, problem := range envfile.Check(p.env, "") {
		level := warning
		if problem.Fatal {
			level = failure
		}
		text := problem.Message
		if problem.Key != "" {
			text = problem.Key + " " + text
		}
		out = append(out, level("env", "", "%s/.env: %s", p.dir, text)...)
	}
	if out == nil {
		return ok("env", "%s/.env keeps every rule of the app", p.dir)
	}
	return out
}

func envMode(p patient) []Finding {
	if p.env != nil && p.envMode.Perm()&0o077 != 0 {
		return fixed(FixMode, warning("secrets", "chmod 600 "+p.dir+"/.env", "%s/.env has mode %04o: others on this machine can read the keys", p.dir, p.envMode.Perm()))
	}
	return nil
}

func unfinished(p patient) []Finding {
	if p.unfinished == "" {
		return nil
	}
	return fixed(FixStart, failure("unfinished", p.command+" start", "%s", p.unfinished))
}

func dns(p patient) []Finding {
	switch {
	case p.dns == nil:
		return nil
	case p.dns.Match:
		return ok("dns", "%s leads to this machine", p.domain)
	}
	return warning("dns", "", "%s", p.dns.Problem)
}

// soon is how long before its end a certificate should have been renewed.
const soon = 14 * 24 * time.Hour

func cert(p patient) []Finding {
	c := p.certificate
	if c == nil {
		return nil
	}
	left := c.expiry.Sub(p.now)
	days := int(left.Hours() / 24)
	mend := ""
	if p.instance != nil && p.instance.HTTPS != nil {
		mend = "openalgo-install domain " + p.domain // starts the edge, and asks for a certificate anew
	}
	switch {
	case !c.expiry.IsZero() && left <= 0:
		return failure("certificate", mend, "the certificate of %s ended on %s", p.domain, c.expiry.Format(time.DateOnly))
	case c.err != nil:
		return failure("certificate", mend, "%v", c.err)
	case left < soon:
		return warning("certificate", "", "the certificate of %s ends in %d days, on %s", p.domain, days, c.expiry.Format(time.DateOnly))
	}
	return ok("certificate", "of %s from %s, %d days left", p.domain, c.issuer, days)
}

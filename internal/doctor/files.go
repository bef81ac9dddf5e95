package doctor

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
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

// appUser is the user and group that OpenAlgo's image runs as.
const appUser = 1000

// owner is whose a file is, where the container's users are the host's.
type owner struct {
	known    bool
	uid, gid uint32
}

// envMode wants .env for the container's user alone, and readable for it.
func envMode(p patient) []Finding {
	if p.env == nil {
		return nil
	}
	mode, mend := p.envMode.Perm(), "chmod 600 "+p.dir+"/.env"
	given := fmt.Sprintf("sudo chown %d:%d %s/.env; sudo chmod 600 %[3]s/.env", appUser, appUser, p.dir)
	asRoot := p.container == nil || slices.Contains([]string{"", "0", "root"}, strings.Split(p.container.User, ":")[0])
	readable := p.envOwner.uid == appUser && mode&0o400 != 0 || p.envOwner.gid == appUser && mode&0o040 != 0 || mode&0o004 != 0
	if p.envOwner.known && p.envOwner.uid != appUser {
		mend = given
	}
	switch {
	case p.envOwner.known && !asRoot && !readable:
		return fixed(FixMode, failure("secrets", given, "%s/.env is of user %d, mode %04o: OpenAlgo (user %d) can't read it when it starts next", p.dir, p.envOwner.uid, mode, appUser))
	case mode&0o077 != 0:
		return fixed(FixMode, warning("secrets", mend, "%s/.env has mode %04o: others on this machine can read the keys", p.dir, mode))
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
		mend = p.command + " domain " + p.domain // starts the edge, and asks for a certificate anew
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

package doctor

import (
	"errors"
	"io/fs"

	"github.com/marketcalls/openalgo-install/internal/envfile"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/keys"
	"github.com/marketcalls/openalgo-install/internal/plan"
	"github.com/marketcalls/openalgo-install/internal/settings"
)

// env holds .env against the app's own rules.
func env(p patient) (out []Finding) {
	switch {
	case finding.IDOf(p.envErr) == idEncoding:
		return fixed(FixEncoding, failure("env", finding.Named(finding.HostNotReady, "env-encoding", "%s: %w", p.dir, p.envErr)))
	case p.instance == nil, p.refuses("keys"):
		return nil // changes says why: new keys would lose the data
	case errors.Is(p.envErr, fs.ErrPermission):
		return warning("env", finding.Warn("env-unreadable", "this user cannot read %s/.env", p.dir).With(shell(finding.Prompt{Dir: p.dir, Sudo: true}.Command("doctor"))))
	case p.envErr != nil:
		return failure("env", finding.Named(finding.HostNotReady, "env-unreadable", "%v", p.envErr).With(finding.Hint{Do: "Restore it from " + p.dir + "/.openalgo-install/backups"}))
	}
	keyless := false
	for _, problem := range envfile.Check(p.env, "") {
		if problem.Key == keys.FernetSalt && p.idleSalt {
			continue
		}
		if settings.IsKeyMissing(p.env, problem) {
			keyless = true
			continue
		}
		text := problem.Message
		if problem.Key != "" {
			text = problem.Key + " " + text
		}
		if problem.Fatal {
			out = append(out, failure("env", finding.Named(finding.HostNotReady, "env-invalid", "%s/.env: %s", p.dir, text))...)
		} else {
			out = append(out, warning("env", finding.Warn("env-value", "%s/.env: %s", p.dir, text))...)
		}
	}
	if keyless {
		out = append(out, warning("env", settings.KeyMissing(p.env))...)
	}
	if out == nil {
		return ok("env", "%s/.env is valid", p.dir)
	}
	return out
}

// salt warns of a FERNET_SALT that was written for a release which knows none:
// a newer one would take it for the salt of what is stored.
func salt(p patient) []Finding {
	if p.env == nil || !p.idleSalt {
		return nil
	}
	if _, have := p.env.Get(keys.FernetSalt); !have {
		return nil
	}
	return warning("salt", finding.Warn("salt-unused", "%s/.env has a FERNET_SALT from an earlier openalgo-install, which this OpenAlgo release does not use. "+
		"With it, a newer release cannot open the stored secrets (API key, broker tokens, TOTP). "+
		"Do not upgrade with Docker Compose. Use %s, which removes the line first, so that OpenAlgo encrypts the secrets again", p.dir, p.reader.Command("upgrade")).With(ours("upgrade")))
}

func unfinished(p patient) []Finding {
	if p.unfinished == "" {
		return nil
	}
	for _, problem := range finding.Problems(p.unreadable) { // no command completes it
		return fixed("", failure("unfinished", problem))
	}
	return failure("unfinished", finding.Named(finding.Failed, "interrupted", "%s", p.unfinished).With(finishes(p.left)))
}

// finishes is the command that completes or undoes what an interrupted run began:
// a start, but for an uninstall, after which there is nothing to start.
func finishes(command string) finding.Hint {
	switch command {
	case plan.CommandUninstall:
		return ours("uninstall")
	case plan.CommandPurge:
		return ours("uninstall", "--purge")
	}
	return ours("start")
}

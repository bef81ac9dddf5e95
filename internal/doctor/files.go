package doctor

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/envfile"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/keys"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/plan"
)

// env holds .env against the app's own rules.
func env(p patient) (out []Finding) {
	switch {
	case p.instance == nil, p.refused("keys"):
		return nil // refused says why: new keys would lose the data
	case errors.Is(p.envErr, fs.ErrPermission):
		return warning("env", finding.Warn("env-unreadable", "%s/.env can't be read by this user", p.dir).With(shell(finding.Prompt{Dir: p.dir, Sudo: true}.Command("doctor"))))
	case p.envErr != nil:
		return failure("env", finding.Named(finding.HostNotReady, "env-unreadable", "%v", p.envErr).With(finding.Hint{Do: "bring it back from " + p.dir + "/.openalgo-install/backups"}))
	}
	for _, problem := range envfile.Check(p.env, "") {
		if problem.Key == keys.FernetSalt && p.idleSalt {
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
	if out == nil {
		return ok("env", "%s/.env keeps every rule of the app", p.dir)
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
	return warning("salt", finding.Warn("salt-unused", "%s/.env has a FERNET_SALT that this release of OpenAlgo does not use: an earlier openalgo-install wrote it. "+
		"A newer release would use it for the stored secrets (API key, broker tokens, TOTP), and open none of them. "+
		"Do not upgrade with Docker Compose: %s removes the line first, and OpenAlgo encrypts the secrets again", p.dir, p.reader.Command("upgrade")).With(ours("upgrade")))
}

// owner is whose a file is; known says that the container's users are this
// host's.
type owner struct {
	known    bool
	uid, gid uint32
}

// appUser is the user and group that the container runs as: what it was made
// with, or that of OpenAlgo's image.
func (p patient) appUser() (uid, gid uint32, root, known bool) {
	name := ""
	if p.container != nil {
		name = p.container.User
	}
	user, group, _ := strings.Cut(name, ":")
	switch {
	case p.container == nil, user == "appuser":
		return openalgo.User, openalgo.User, false, p.envOwner.known
	case user == "", user == "0", user == "root":
		return 0, 0, true, p.envOwner.known
	}
	id, err := strconv.ParseUint(user, 10, 32)
	of, err2 := strconv.ParseUint(cmp.Or(group, user), 10, 32)
	return uint32(id), uint32(of), false, p.envOwner.known && err == nil && err2 == nil
}

// envMode wants .env for the container's user alone, and readable for it.
func envMode(p patient) []Finding {
	if p.env == nil {
		return nil
	}
	uid, gid, root, known := p.appUser()
	mode, fix := p.envMode.Perm(), []string{"chmod 600 " + p.dir + "/.env"}
	if known && !root && p.envOwner.uid != uid {
		fix = []string{fmt.Sprintf("sudo chown %d:%d %s/.env", uid, gid, p.dir), "sudo chmod 600 " + p.dir + "/.env"}
	}
	readable := root || p.envOwner.uid == uid && mode&0o400 != 0 || p.envOwner.gid == gid && mode&0o040 != 0 || mode&0o004 != 0
	switch {
	case known && !readable:
		return fixed(FixMode, failure("secrets", finding.Named(finding.HostNotReady, "owner-wrong", "%s/.env is of user %d, mode %04o: OpenAlgo (user %d) can't read it when it starts next", p.dir, p.envOwner.uid, mode, uid).With(finding.Hint{Shell: fix})))
	case mode&0o077 != 0:
		return fixed(FixMode, warning("secrets", finding.Warn("env-not-private", "%s/.env has mode %04o: others on this machine can read the keys", p.dir, mode).With(finding.Hint{Shell: fix})))
	}
	return nil
}

func unfinished(p patient) []Finding {
	if p.unfinished == "" {
		return nil
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

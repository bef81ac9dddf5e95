package doctor

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/appfile"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
)

// owner is whose a file is on this machine.
type owner struct{ uid, gid uint32 }

// appUser is the user that the container runs as, by its own numbers: what it was
// made with, or that of OpenAlgo's image. known is false for one that has a name.
func (p patient) appUser() (user, group int, known bool) {
	name := ""
	if p.container != nil {
		name = p.container.User
	}
	user1, group1, _ := strings.Cut(name, ":")
	switch {
	case p.container == nil, user1 == "appuser":
		return openalgo.User, openalgo.User, true
	case user1 == "", user1 == "root":
		return 0, 0, true
	}
	user, err := strconv.Atoi(user1)
	group, err2 := strconv.Atoi(cmp.Or(group1, user1))
	return user, group, err == nil && err2 == nil
}

// app is who the container runs as on this machine. root may read everything.
func (p patient) app() (o owner, root, known bool) {
	user, group, known := p.appUser()
	if p.engine == nil || !known {
		return o, user == 0 && known, false
	}
	uid, known := p.engine.UserHere(user)
	gid, known2 := p.engine.UserHere(group)
	return owner{uint32(uid), uint32(gid)}, user == 0 && p.engine.UserBase == 0, known && known2
}

// envMode wants .env for the container's user alone, and readable for it; where Docker
// runs without root, for the user who runs it, too.
func envMode(p patient) []Finding {
	if p.env == nil {
		return nil
	}
	app, root, known := p.app()
	mode, fix := p.envMode.Perm(), finding.Hint{Shell: []string{"chmod 600 " + p.dir + "/.env"}}
	var want appfile.Owner
	if p.engine != nil {
		want = appfile.EnvOwner(*p.engine)
	}
	rootless := p.engine != nil && p.engine.Rootless
	switch {
	case rootless:
		fix = ours("doctor", "--fix")
	case known && !root && p.envOwner.uid != app.uid:
		fix.Shell = []string{fmt.Sprintf("sudo chown %d:%d %s/.env", app.uid, app.gid, p.dir), "sudo chmod 600 " + p.dir + "/.env"}
	}
	readable := root || p.envOwner.uid == app.uid && mode&0o400 != 0 || p.envOwner.gid == app.gid && mode&0o040 != 0 || mode&0o004 != 0
	private := mode&0o077 == 0 || known && p.envOwner.gid == app.gid && want.IsPrivate(mode)
	switch {
	case known && !readable:
		return fixed(FixMode, failure("secrets", finding.Named(finding.HostNotReady, "owner-wrong", "%s/.env belongs to user %d and has mode %04o. OpenAlgo (user %d) cannot read it at its next start", p.dir, p.envOwner.uid, mode, app.uid).With(fix)))
	case known && rootless && p.envOwner.uid != uint32(want.UID):
		return fixed(FixMode, warning("secrets", finding.Warn("owner-wrong", "%s/.env belongs to a user that exists only in the container, so docker compose cannot read it", p.dir).With(fix)))
	case !private:
		return fixed(FixMode, warning("secrets", finding.Warn("env-not-private", "%s/.env has mode %04o, so other users of this machine can read the keys", p.dir, mode).With(fix)))
	}
	return nil
}

// fixMode gives .env to the app's user alone. The owner first: a file that the
// app cannot read any more keeps it from starting.
func (l Look) fixMode(ctx context.Context) error {
	path := filepath.Join(l.Dir, ".env")
	p := l.gather(ctx)
	app, root, known := p.app()
	if user, _, _ := p.appUser(); l.Engine != nil && user == openalgo.User {
		return l.giveEnv(ctx, path, p.container)
	}
	if !known {
		return finding.Named(finding.HostNotReady, "owner-unknown", "only Docker knows the container's user on this machine. If that user cannot read %s, OpenAlgo does not start", path).
			With(finding.Run("Change any setting. That also corrects owner and mode of the file", "set", "KEY=VALUE")).Ending(finding.Unchanged)
	}
	if !root && p.envOwner.uid != app.uid {
		if err := os.Chown(path, int(app.uid), int(app.gid)); err != nil {
			return finding.Named(finding.HostNotReady, "owner-wrong", "give .env to the container's user (%d): %w\n\n%s", app.uid, err, instance.WithRoot(l.Dir)).Ending(finding.Unchanged)
		}
	}
	return l.chmod(path, 0o600)
}

// giveEnv gives .env what an install would.
func (l Look) giveEnv(ctx context.Context, path string, c *engine.Container) error {
	file, err := instance.OpenInside(path, os.O_RDONLY)
	if err != nil {
		return finding.Named(finding.HostNotReady, "env-unreadable", "open .env: %w\n\n%s", err, instance.WithRoot(l.Dir)).Ending(finding.Unchanged)
	}
	defer file.Close()
	dir := instance.Dir(l.Dir)
	image := instance.EnvImage(dir)
	if c != nil {
		image = c.ImageID
	}
	if err := appfile.GiveEnv(ctx, l.Engine, dir, file, image); err != nil {
		return finding.Named(finding.HostNotReady, "owner-wrong", "give .env to the container's user (%d): %w", openalgo.User, err).Ending(finding.Unchanged)
	}
	return l.chmod(path, appfile.EnvOwner(l.Engine.Info()).Mode)
}

func (l Look) chmod(path string, mode os.FileMode) error {
	if err := os.Chmod(path, mode); err != nil {
		return finding.Named(finding.HostNotReady, "file-unwritable", "change the mode of .env: %w\n\n%s", err, instance.WithRoot(l.Dir)).Ending("The mode of .env did not change.")
	}
	return nil
}

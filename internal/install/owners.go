package install

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"syscall"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// ownerToBe is the user that directories must belong to, or be writable for; 0
// where they stay as they are: those of an instance that this program made are
// OpenAlgo's.
func ownerToBe(o *observed, p *Plan) int {
	if !usersAreOurs(o.Engine) || !p.intent.adopts() && o.State.IsOurs() {
		return 0
	}
	return userOfStack(p.stack.Spec("").User)
}

// planOwners plans to give OpenAlgo the directories that it could not write:
// docker-run.sh makes them as root, and OpenAlgo does not start then.
func planOwners(o *observed, p *Plan) error {
	var dirs []string
	uid := userOfStack(p.stack.Spec("").User)
	for _, dir := range dataDirs(o, p.stack) {
		found := o.Answered.Directories[dir]
		if found.Err != nil {
			return found.Err
		}
		if len(found.Owners) > 0 {
			p.owners = append(p.owners, found.Owners...)
			dirs = append(dirs, dir)
			p.add(Change{Kind: KindVolume, Name: dir, Action: ActionUpdate, Reason: fmt.Sprintf("its files and directories (%d) get the owner %d: "+
				"OpenAlgo runs as that user and could not write them", len(found.Owners), uid)})
		}
	}
	if len(dirs) == 0 {
		return nil
	}
	if !o.Host.Root {
		return finding.Errorf(finding.HostNotReady, "OpenAlgo cannot write %s\n\nIts container runs as user %d, and another user owns them. Change the owner:\n\n    sudo chown -R %[2]d:%[2]d %[3]s\n\nNothing was changed.",
			strings.Join(dirs, ", "), uid, strings.Join(dirs, " "))
	}
	p.Asks = append(p.Asks, Ask{AskOwners, fmt.Sprintf("These directories belong to another user, so OpenAlgo (user %d) cannot write them: %s. OpenAlgo becomes their owner", uid, strings.Join(dirs, ", "))})
	return nil
}

// usersAreOurs reports whether the numbers of users in containers are those of
// this machine.
func usersAreOurs(info engine.Info) bool { return info.Local && !info.Rootless && !info.UserNS }

// userOfStack is the user that a stack's container runs as.
func userOfStack(user string) int {
	user, _, _ = strings.Cut(user, ":")
	if uid, err := strconv.Atoi(user); err == nil {
		return uid
	}
	return openalgo.User
}

// giveCopy gives the container's user what it could not read or write of a copy
// of data. What was copied keeps its owners.
func (r *changes) giveCopy(dir string) error {
	if !usersAreOurs(r.in.Engine.Info()) || os.Geteuid() != 0 || r.plan.stack == nil {
		return nil
	}
	uid := userOfStack(r.plan.stack.Spec("").User)
	if uid == 0 {
		return nil
	}
	if err := giveTree(dir, uid); err != nil {
		return fmt.Errorf("change the owner of %s: %w", dir, err)
	}
	return nil
}

// giveTree gives a user the files and directories that this user may not write.
// A link is not followed.
func giveTree(dir string, uid int) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	return fs.WalkDir(root.FS(), ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		owner, ok := info.Sys().(*syscall.Stat_t)
		if !ok || !entry.IsDir() && !entry.Type().IsRegular() || int(owner.Uid) == uid || world.MayWrite(info.Mode(), owner, uid) {
			return nil
		}
		return root.Lchown(path, uid, uid)
	})
}

// noteBroken records that the previous container did not work: an undo has not
// failed because it still does not.
func (r *changes) noteBroken(ctx context.Context) {
	if r.stop == nil || !isUp(*r.old) || r.old.State != "restarting" && r.old.RestartCount == 0 {
		return
	}
	if _, err := r.in.asks(ctx, *r.old); err != nil {
		r.stop.Broken = true
	}
}

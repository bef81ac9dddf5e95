package ops

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"syscall"

	"github.com/marketcalls/openalgo-install/internal/plan"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// giveCopy gives the container's user what it could not read or write of a copy
// of data. What was copied keeps its owners.
func (r *changes) giveCopy(dir string) error {
	if !plan.UsersAreOurs(r.in.Engine.Info()) || os.Geteuid() != 0 || r.plan.Stack == nil {
		return nil
	}
	uid := plan.UserOfStack(r.plan.Stack.Spec("").User)
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

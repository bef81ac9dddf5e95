package tree

import (
	"io/fs"
	"os"
	"syscall"
)

// Give gives a user the files and directories that this user may not write.
// A link is not followed.
func Give(dir string, uid int) error {
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
		if !ok || !entry.IsDir() && !entry.Type().IsRegular() || int(owner.Uid) == uid || MayWrite(info.Mode(), owner, uid) {
			return nil
		}
		return root.Lchown(path, uid, uid)
	})
}

// MayWrite reports whether a user can write what another one owns.
func MayWrite(mode fs.FileMode, owner *syscall.Stat_t, uid int) bool {
	return mode&0o002 != 0 || int(owner.Gid) == uid && mode&0o020 != 0
}

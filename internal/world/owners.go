package world

import (
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/tree"
)

// ownersLimit is how many files may get another owner: each is recorded, so that
// an undo can give it back.
const ownersLimit = 10000

// Owner is a file that gets another owner, and its previous one.
type Owner struct {
	Dir  string `json:"dir"`
	Name string `json:"name"` // below Dir
	UID  int    `json:"uid"`
	GID  int    `json:"gid"`
}

// OthersIn lists the files below a directory that need another owner; none where
// OpenAlgo can write all of them.
func OthersIn(dir string, uid int) (out []Owner, err error) {
	if info, err := os.Lstat(dir); err != nil || !info.IsDir() {
		return nil, nil //nolint:nilerr // it is made, or looked at elsewhere
	}
	blocked := false
	err = filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		owner, ok := info.Sys().(*syscall.Stat_t)
		if !ok || int(owner.Uid) == uid {
			return nil
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		kind := entry.Type()
		if kind != 0 && !entry.IsDir() {
			return nil // links, sockets: nobody writes them
		}
		if kind == 0 && owner.Nlink > 1 {
			return finding.Named(finding.HostNotReady, "hard-link", "%s has a second name (hard link), so its owner is not changed. Remove that name, or copy the file. Nothing was changed.", path)
		}
		blocked = blocked || !tree.MayWrite(info.Mode(), owner, uid)
		if out = append(out, Owner{Dir: dir, Name: name, UID: int(owner.Uid), GID: int(owner.Gid)}); len(out) > ownersLimit {
			return finding.Named(finding.HostNotReady, "owner-wrong", "%s has too many files of other users to change them one by one. Change all of them:\n\n    sudo chown -R %d:%[2]d %[1]s\n\nNothing was changed.", dir, uid)
		}
		return nil
	})
	if os.IsPermission(err) {
		return nil, finding.Named(finding.HostNotReady, "owner-unreadable", "%w: this user cannot see the owners of the files in %s\n\nRun the same command with sudo. Nothing was changed.", err, dir)
	}
	if err != nil || !blocked {
		return nil, err
	}
	return out, nil
}

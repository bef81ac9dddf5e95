package install

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/marketcalls/openalgo-install/internal/finding"
)

// Root acts on files in the instance's directory: it copies data where the
// journal says, and removes files that a record names. So no other user may be
// able to write there, or to replace the directory.

// stranger is a place that another user can change.
type stranger struct {
	path   string
	uid    int  // whose it is; 0: it is root's, and others may write to it
	isLink bool // a link that belongs to uid
	parent bool // it is above the instance's directory
}

// trusted refuses, for root, an instance's directory that another user can
// change. A directory that does not exist counts by those above it. Any user
// may use what is that user's own.
func trusted(dir string) error {
	work := filepath.Join(dir, workName)
	if info, err := os.Lstat(work); err == nil && !info.IsDir() {
		return finding.Errorf(finding.HostNotReady, "%s is not a directory\n\nopenalgo-install did not make it. If you do not need it, remove it:\n\n    sudo rm %s\n\nNothing was changed.", work, work)
	}
	if os.Geteuid() != 0 {
		return nil
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return fmt.Errorf("find the directory %s: %w", dir, err)
	}
	s, err := findStranger(abs)
	if err == nil && s == nil {
		s, err = findStranger(filepath.Join(abs, workName))
		if s != nil {
			s.parent = false
		}
	}
	if err != nil {
		return finding.Errorf(finding.HostNotReady, "check the directory: %w", err)
	}
	if s != nil {
		return s.refusal(abs)
	}
	return nil
}

// isInstance reports whether root installed an OpenAlgo in a directory, as
// earlier versions did wherever they were told to. Its owner alone cannot work
// on it, since what this program keeps there is root's.
func isInstance(dir string) bool {
	info, err := os.Lstat(filepath.Join(dir, workName, "state.json"))
	return err == nil && ownerOf(info) == 0
}

// mostLinks is how many links a path may lead through, as in the kernel.
const mostLinks = 40

// findStranger follows a path from the top, through the links in it, to the
// first place that another user than root can change; nil is none.
func findStranger(path string) (*stranger, error) {
	at, links := "/", 0
	rest := strings.Split(strings.Trim(path, "/"), "/")
	for len(rest) > 0 {
		next := filepath.Join(at, rest[0])
		info, err := os.Lstat(next)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		rest = rest[1:]
		switch {
		case info.Mode()&fs.ModeSymlink != 0:
			if owner := ownerOf(info); owner != 0 {
				return &stranger{path: next, uid: owner, isLink: true, parent: len(rest) > 0}, nil
			}
			to, err := os.Readlink(next)
			if err != nil {
				return nil, err
			}
			if links++; links > mostLinks {
				return nil, fmt.Errorf("%s leads through too many links", path)
			}
			rest = append(strings.Split(filepath.Clean(to), "/"), rest...)
			if filepath.IsAbs(to) {
				at = "/"
			}
		case info.IsDir():
			if owner := ownerOf(info); owner != 0 || othersWrite(info, len(rest) > 0) {
				return &stranger{path: next, uid: owner, parent: len(rest) > 0}, nil
			}
			at = next
		default:
			return nil, nil // a file: the caller reports that
		}
	}
	return nil, nil
}

// othersWrite reports whether a group or all users may write to a directory.
// In a sticky one above the instance's they cannot replace what is root's.
func othersWrite(info fs.FileInfo, above bool) bool {
	if above && info.Mode()&fs.ModeSticky != 0 {
		return false
	}
	s, ok := info.Sys().(*syscall.Stat_t)
	return info.Mode()&0o002 != 0 || info.Mode()&0o020 != 0 && (!ok || s.Gid != 0)
}

func (s *stranger) refusal(dir string) error {
	who := userName(s.uid)
	what := fmt.Sprintf("%s belongs to %s", s.path, who)
	fix := "sudo chown root:root " + s.path
	switch {
	case s.isLink:
		what = fmt.Sprintf("%s is a link that belongs to %s", s.path, who)
	case s.uid == 0:
		what, fix = "other users can write to "+s.path, "sudo chmod go-w "+s.path
	}
	text := what + "\n\nA user who can change it could make root change any file on this machine.\n"
	if isInstance(dir) && s.parent {
		to := placeFor(dir, s.path)
		return finding.Errorf(finding.HostNotReady, "%sMove this OpenAlgo to a directory that belongs to root. It keeps its keys, data and settings, and is down for some seconds while its container is recreated:\n\n"+
			"    sudo mv -T %s %s\n    sudo openalgo-install --dir %[3]s start\n\nA daily backup has to be set up again after that. Nothing was changed.", text, dir, to)
	}
	instead := fmt.Sprintf("Or choose a directory that belongs to root:\n\n    sudo openalgo-install --dir %s\n\n", otherDir(dir))
	if exists(filepath.Join(dir, workName, "state.json")) {
		instead = ""                 // that would be a second OpenAlgo
		if !s.isLink && s.uid != 0 { // given away as a whole, most often
			fix = fmt.Sprintf("sudo chown root:root %s\n    sudo chown -R root:root %s", dir, filepath.Join(dir, workName))
		}
	}
	switch {
	case s.uid == 0, !s.parent && !s.isLink:
		text += fmt.Sprintf("If the files in it are yours, let only root change it:\n\n    %s\n\n", fix)
	default:
		text += fmt.Sprintf("Run openalgo-install as %s, without sudo. ", who)
	}
	return finding.Errorf(finding.HostNotReady, "%s%sNothing was changed.", text, instead)
}

// placeFor is a path below root's directories that is free for a directory to
// be moved to; not below the one that others can change.
func placeFor(dir, bad string) string {
	name := filepath.Base(dir)
	for _, at := range []string{"/opt/" + name, "/srv/" + name, "/opt/" + name + "-moved"} {
		if _, err := os.Lstat(at); errors.Is(err, fs.ErrNotExist) && filepath.Dir(at) != bad {
			return at
		}
	}
	return "/srv/" + name + "-moved"
}

// otherDir is a directory that root can use instead.
func otherDir(dir string) string {
	if dir == finding.DefaultDir {
		return "/srv/openalgo"
	}
	return finding.DefaultDir
}

func userName(uid int) string {
	if u, err := user.LookupId(strconv.Itoa(uid)); err == nil {
		return u.Username
	}
	return fmt.Sprintf("user %d", uid)
}

package instance

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
	"github.com/marketcalls/openalgo-install/internal/userns"
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

// Trusted refuses, for root, an instance's directory that another user can
// change. A directory that does not exist counts by those above it. Any user
// may use what is that user's own.
func Trusted(dir string) error {
	work := filepath.Join(dir, WorkName)
	if info, err := os.Lstat(work); err == nil && !info.IsDir() {
		return finding.Named(finding.HostNotReady, "not-a-directory", "%s is not a directory\n\nopenalgo-install did not make it", work).
			With(finding.Shell("If you do not need it, remove it", "sudo rm "+work)).Ending(finding.Unchanged)
	}
	if !userns.IsRoot() {
		return nil
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return fmt.Errorf("find the directory %s: %w", dir, err)
	}
	s, err := strangerOf(abs)
	if err != nil {
		return finding.Named(finding.HostNotReady, "directory-unreadable", "check the directory: %w", err)
	}
	if s != nil {
		return s.refusal(abs)
	}
	return nil
}

// strangerOf returns the first place by which another user than root can change
// an instance's directory; nil is none.
func strangerOf(dir string) (*stranger, error) {
	s, err := findStranger(dir)
	if err == nil && s == nil {
		if s, err = findStranger(filepath.Join(dir, WorkName)); s != nil {
			s.parent = false
		}
	}
	return s, err
}

// WithRoot says how to run a command as root: with sudo, once root may work on
// the directory.
func WithRoot(dir string) string {
	if s, err := strangerOf(dir); err == nil && s != nil {
		return finding.Prompt{}.Hints([]finding.Hint{s.handOver(dir)})
	}
	return "Run the same command with sudo."
}

// IsMine reports whether a directory belongs to the user who runs this, who is
// not root.
func IsMine(dir string) bool {
	info, err := os.Lstat(dir)
	return err == nil && !userns.IsRoot() && ownerOf(info) == os.Geteuid()
}

// isInstance reports whether root installed an OpenAlgo in a directory, as
// earlier versions did wherever they were told to. Its owner alone cannot work
// on it, since what this program keeps there is root's.
func isInstance(dir string) bool {
	info, err := os.Lstat(filepath.Join(dir, WorkName, stateName))
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
	who := UserName(s.uid)
	what := fmt.Sprintf("%s belongs to %s", s.path, who)
	switch {
	case s.isLink:
		what = fmt.Sprintf("%s is a link that belongs to %s", s.path, who)
	case s.uid == 0:
		what = "other users can write to " + s.path
	}
	refused := func(why string, hints ...finding.Hint) error {
		return finding.Named(finding.HostNotReady, "directory-not-trusted", "%s\n\nA user who can change it could make root change any file on this machine.%s", what, why).
			With(hints...).Ending(finding.Unchanged)
	}
	other := finding.Hint{Do: "Choose a directory that belongs to root, where upgrades and backups work, too",
		Shell: []string{finding.Prompt{Dir: otherDir(dir), Sudo: true}.Command()}}
	asOwner := fmt.Sprintf("\nRun openalgo-install as %s, without sudo.", who)
	switch {
	case s.uid != 0 && isRootless(dir):
		return refused(asOwner + " Its Docker runs without root.")
	case isThere(filepath.Join(dir, WorkName, stateName)):
		why := ""
		if s.inside() && !isInstance(dir) {
			why = asOwner + " Only an upgrade, a rollback, a backup and a restore need root."
		}
		return refused(why, s.handOver(dir))
	case !s.inside():
		return refused("", finding.Shell("If the files in it are yours, let only root change it", s.fix()), other)
	}
	return refused(asOwner, other)
}

// inside reports whether the instance's directory is in a place of another
// user's, so that a change of the directory's owner is not enough.
func (s *stranger) inside() bool { return s.uid != 0 && (s.parent || s.isLink) }

// fix is the command that takes the place from other users.
func (s *stranger) fix() string {
	if s.uid == 0 {
		return "sudo chmod go-w " + s.path
	}
	return "sudo chown root:root " + s.path
}

// handOver is how root gets to work on an instance whose directory others can
// change.
func (s *stranger) handOver(dir string) finding.Hint {
	own := func(at string) []string {
		return []string{fmt.Sprintf("sudo chown root:root %[1]s %[1]s/*.yaml", at), fmt.Sprintf("sudo chown -R root:root %s/%s", at, WorkName)}
	}
	switch {
	case s.parent || s.isLink:
		to := placeFor(dir, s.path)
		commands := append([]string{fmt.Sprintf("sudo mv -T %s %s", dir, to)}, own(to)...)
		return finding.Shell("Move this instance to a directory that belongs to root. It keeps its encryption keys, data and settings, "+
			"and is down for some seconds while its container is recreated. After that, set up the daily backup again",
			append(commands, finding.Prompt{Dir: to, Sudo: true}.Command("start"))...)
	case s.uid == 0:
		return finding.Shell("Let only root change it", s.fix())
	}
	return finding.Shell("Let only root change it. After that, run openalgo-install with sudo", own(dir)...)
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

// UserName is what a user is called here.
func UserName(uid int) string {
	if u, err := user.LookupId(strconv.Itoa(uid)); err == nil {
		return u.Username
	}
	return fmt.Sprintf("user %d", uid)
}

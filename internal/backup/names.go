package backup

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/marketcalls/openalgo-install/internal/instance"
)

// stampForm is the time in a name, in UTC.
const stampForm = "20060102T150405Z"

// names begins the names of this instance's backups. The same project on another
// machine, installed again or restored there, has another: several may share a directory.
func names(d instance.Dir) string {
	s, _ := d.LoadState() // without one: no backup is made
	sum := sha256.Sum256([]byte("backup of " + cmp.Or(s.Named, s.Salt)))
	return fmt.Sprintf("%s-%x-", project(d), sum[:3])
}

// Unused is the name for a backup that is made now, behind how all of its instance begin:
// with the next second, where this one has its backup already.
func Unused(dir, begin string, now time.Time, ending string) string {
	for later := range 60 {
		name := filepath.Join(dir, begin+now.Add(time.Duration(later)*time.Second).UTC().Format(stampForm)+ending)
		if _, err := os.Lstat(name); err != nil {
			return name
		}
	}
	return filepath.Join(dir, begin+now.UTC().Format(stampForm)+ending) // which is refused
}

// IsOwn recognises the names that this instance gives to its backups, and no other.
func IsOwn(d instance.Dir, name string) bool {
	rest, ok := strings.CutPrefix(name, names(d))
	if !ok || len(rest) < len(stampForm) {
		return false
	}
	stamp, ending := rest[:len(stampForm)], rest[len(stampForm):]
	_, err := time.Parse(stampForm, stamp)
	return err == nil && (ending == archiveEnding || ending == sealedEnding)
}

// RemoveOwn removes a backup of this instance from its usual directory, and nothing else.
func RemoveOwn(d instance.Dir, file string) error {
	at, name := Archives(d), filepath.Base(file)
	if filepath.Join(at, name) != filepath.Clean(file) || !IsOwn(d, name) {
		return fmt.Errorf("%s is no backup of this instance in %s", file, at)
	}
	root, err := os.OpenRoot(at)
	if err != nil {
		return err
	}
	defer root.Close()
	return root.Remove(name)
}

// isPartial recognises what a killed backup of this instance left.
func isPartial(d instance.Dir, name string) bool {
	whole, ok := strings.CutSuffix(name, partialEnding)
	if end := strings.LastIndexByte(whole, '.'); ok && end > 0 && len(whole)-end == len(".0123456789abcdef") {
		whole = whole[:end] // the mark that makes the name one that nobody can guess
	}
	return ok && IsOwn(d, whole) || strings.HasPrefix(name, checkPrefix(d))
}

// anyName is the form of all names that are given, by whatever instance.
var anyName = regexp.MustCompile(`^([A-Za-z0-9][A-Za-z0-9_-]*-[0-9a-f]{6})-[0-9]{8}T[0-9]{6}Z\.tar\.zst(\.age)?$`)

// Whose returns how all names of one instance begin, from one of them; "" where it is
// no such name.
func Whose(name string) string {
	if found := anyName.FindStringSubmatch(name); found != nil {
		return found[1]
	}
	return ""
}

// TimeOf is when a backup was made, by its name.
func TimeOf(name string) time.Time {
	at, _ := time.Parse(stampForm, strings.TrimPrefix(strings.SplitN(name, ".", 2)[0], Whose(name)+"-"))
	return at
}

// IsSealed reports whether a name is that of an encrypted backup.
func IsSealed(name string) bool { return strings.HasSuffix(name, sealedEnding) }

// SealedName is the name of the encrypted copy of a backup.
func SealedName(name string) string {
	if IsSealed(name) {
		return name
	}
	return name + strings.TrimPrefix(sealedEnding, archiveEnding)
}

package backup

import (
	"archive/tar"
	"errors"
	"fmt"
	"math"
	"path"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/printable"
)

// What an archive may ask for. A file of some kilobytes can be unpacked into
// gigabytes, so everything that is kept in memory has a limit.
const (
	maxEntries  = 200_000
	maxNames    = 16 << 20 // bytes of all names and links together
	maxName     = 3 << 10  // leaves room for the path of the volume
	maxNamePart = 255      // what Linux takes
	maxManifest = 1 << 20
	maxText     = 4 << 20  // one file of the instance's directory
	maxTexts    = 16 << 20 // all of them
	maxSums     = 2*maxNames + 70*maxEntries
	maxAfter    = 1 << 20 // what may follow the end of the tar
)

// shape checks the entries of an archive one after another, before anything
// of them is used. It is for one pass.
type shape struct {
	entries, names int
	texts          int64
	kinds          map[string]byte // the type that each name had last
	again          map[string]bool // names that are in the archive twice
}

func newShape() *shape { return &shape{kinds: map[string]byte{}, again: map[string]bool{}} }

// check returns why an entry cannot be in a backup; nil when it can.
func (s *shape) check(h *tar.Header) error {
	s.entries++
	s.names += len(h.Name) + len(h.Linkname)
	if s.entries > maxEntries || s.names > maxNames {
		return fmt.Errorf("it has more than %d files, or their names take more than %s", maxEntries, printable.Size(maxNames))
	}
	if err := checkName(h.Name); err != nil {
		return fmt.Errorf("the name %.80q: %w", h.Name, err)
	}
	if err := s.checkKind(h); err != nil {
		return fmt.Errorf("%.80q: %w", h.Name, err)
	}
	if err := s.checkPlace(h); err != nil {
		return fmt.Errorf("%.80q: %w", h.Name, err)
	}
	s.kinds[h.Name] = h.Typeflag
	return nil
}

// checkName allows relative names in their shortest form only. A backslash is
// a character like any other here, and a separator for the program that
// somebody may unpack the archive with elsewhere.
func checkName(name string) error {
	if name == "" || len(name) > maxName {
		return errors.New("it is empty or too long")
	}
	if strings.HasPrefix(name, "/") || path.Clean(name) != name || strings.ContainsRune(name, 0) {
		return errors.New("it is not a plain relative name")
	}
	for _, part := range strings.FieldsFunc(name, func(r rune) bool { return r == '/' || r == '\\' }) {
		if part == ".." || len(part) > maxNamePart {
			return errors.New("it leads outside or is too long")
		}
	}
	return nil
}

// checkKind allows what a backup is made of: files, directories and links.
// A device or a second name of a file would reach what is outside.
func (s *shape) checkKind(h *tar.Header) error {
	for key := range h.PAXRecords {
		if strings.HasPrefix(key, "GNU.sparse") {
			return errors.New("it is sparse: it would be larger than what was packed")
		}
	}
	if h.Size < 0 || h.Uid < 0 || h.Gid < 0 || h.Uid > math.MaxInt32 || h.Gid > math.MaxInt32 {
		return errors.New("its size or owner is impossible")
	}
	data := strings.HasPrefix(h.Name, dataPrefix)
	switch h.Typeflag {
	case tar.TypeReg:
		return s.checkSize(h)
	case tar.TypeDir:
		if data {
			return nil
		}
	case tar.TypeSymlink:
		if data {
			return checkLink(h.Name, h.Linkname)
		}
	}
	return fmt.Errorf("it is of a kind (%q) that no backup has", h.Typeflag)
}

// checkSize bounds what is read into memory; data is not.
func (s *shape) checkSize(h *tar.Header) error {
	limit := int64(math.MaxInt64)
	switch {
	case h.Name == manifestName:
		limit = maxManifest
	case h.Name == sumsName:
		limit = maxSums
	case strings.HasPrefix(h.Name, filesPrefix):
		limit = min(maxText, maxTexts-s.texts)
		s.texts += h.Size
	case !strings.HasPrefix(h.Name, dataPrefix):
		return errors.New("it does not belong in a backup")
	}
	if h.Size > limit {
		return errors.New("it is larger than such a file can be")
	}
	return nil
}

// checkPlace allows a name twice only where a file was archived before the
// stop and again after it, and nothing below what is no directory.
func (s *shape) checkPlace(h *tar.Header) error {
	if was, known := s.kinds[h.Name]; known {
		if was != tar.TypeReg || s.again[h.Name] || !strings.HasPrefix(h.Name, dataPrefix) {
			return errors.New("it is in the archive more than once")
		}
		s.again[h.Name] = true
	}
	inside, data := strings.CutPrefix(h.Name, dataPrefix)
	if data && !strings.Contains(inside, "/") && h.Typeflag != tar.TypeDir {
		return errors.New("it is not a directory, but its data would be in it")
	}
	for parent := path.Dir(h.Name); parent != "."; parent = path.Dir(parent) {
		if kind, known := s.kinds[parent]; known && kind != tar.TypeDir {
			return errors.New("it is below something that is not a directory")
		}
	}
	return nil
}

// checkLink allows links that stay in their tree, name being data/TREE/...
// Only the beginning may go up: behind another link, up is anywhere.
func checkLink(name, target string) error {
	if target == "" || len(target) > maxName || strings.ContainsRune(target, 0) || strings.HasPrefix(target, "/") {
		return errors.New("it is a link that leads out of its directory")
	}
	depth := strings.Count(name, "/") - 2 // directories between the tree and the link
	down := false
	for _, part := range strings.Split(target, "/") {
		switch part {
		case "", ".":
		case "..":
			if depth--; down || depth < 0 {
				return errors.New("it is a link that leads out of its directory")
			}
		default:
			down = true
		}
	}
	return nil
}

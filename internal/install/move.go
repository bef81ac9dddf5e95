package install

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
)

// dataDirectories are the directories that a container mounts as data, by
// their place in it.
func dataDirectories(c engine.Container) map[string]string {
	out := map[string]string{}
	for _, m := range c.Mounts {
		if _, ok := openalgo.TreeOf(m.Target); ok && bindSource(m) != "" {
			out[m.Target] = bindSource(m)
		}
	}
	return out
}

// moveData copies each directory into the volume that takes its place, and
// compares the two file by file. The directories stay as they are.
func (r *run) moveData(ctx context.Context) error {
	c, err := r.in.Engine.Container(ctx, r.journal.NewID)
	if err != nil {
		return fmt.Errorf("looking at the new container: %w", err)
	}
	for target, source := range dataDirectories(*r.old) {
		to, _, err := r.in.dataPath(ctx, c, target)
		if err != nil {
			return err
		}
		if to == "" || sameFile(to, source) {
			continue
		}
		if err := copyTree(ctx, source, to); err != nil {
			return fmt.Errorf("copying %s into its volume: %w", source, err)
		}
		failpoint("moved" + strings.ReplaceAll(target, "/", "-"))
		was, err := treeSums(ctx, source, withOwners)
		if err != nil {
			return fmt.Errorf("reading %s: %w", source, err)
		}
		is, err := treeSums(ctx, to, withOwners)
		if err != nil {
			return fmt.Errorf("reading what was copied of %s: %w", source, err)
		}
		if !slices.Equal(was, is) {
			return fmt.Errorf("what was copied of %s is not the same as it: nothing of it is used", source)
		}
		if err := r.giveCopy(to); err != nil {
			return err
		}
	}
	return nil
}

// Whether treeSums counts the owners.
const (
	withOwners    = true
	withoutOwners = false
)

// treeSums describes everything below a directory: name, mode, owner, and the
// SHA-256 of what is in it.
func treeSums(ctx context.Context, dir string, owners bool) ([]string, error) {
	var out []string
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
		if isAside(entry) {
			return fs.SkipDir
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		content := ""
		switch {
		case entry.Type()&fs.ModeSymlink != 0:
			content, err = os.Readlink(path)
		case entry.Type().IsRegular():
			content, err = fileSum(path)
		case !entry.IsDir():
			return nil // a socket or pipe holds no data
		}
		if err != nil {
			return err
		}
		if owner := info.Sys().(*syscall.Stat_t); owners {
			content += fmt.Sprintf(" %d:%d", owner.Uid, owner.Gid)
		}
		out = append(out, fmt.Sprintf("%s %v %s", strings.TrimPrefix(path, dir), info.Mode(), content))
		return nil
	})
	return out, err
}

func fileSum(path string) (string, error) {
	file, err := os.OpenFile(path, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return "", err
	}
	defer file.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, file); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

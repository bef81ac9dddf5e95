package step

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"

	"github.com/marketcalls/openalgo-install/internal/appfile"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/run"
)

// giveEnv gives a new .env its owner: the container's user, or the one that the .env
// of another tool's stack has.
func giveEnv(ctx context.Context, t *run.Tools, file *os.File, foreign bool, image string) error {
	if foreign {
		return giveAsBefore(t, file)
	}
	if err := appfile.GiveEnv(ctx, t.Engine, t.Dir, file, image); err != nil {
		return fmt.Errorf("give .env to the container's user (%d): %w", openalgo.User, err)
	}
	return nil
}

func giveAsBefore(t *run.Tools, file *os.File) error {
	info, err := os.Stat(t.Dir.Env())
	if errors.Is(err, fs.ErrNotExist) {
		return nil // nothing to go by
	}
	if err != nil {
		return fmt.Errorf("look at the current .env: %w", err)
	}
	if err := file.Chmod(info.Mode().Perm()); err != nil {
		return fmt.Errorf("give .env its mode: %w", err)
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !ok || int(owner.Uid) == os.Geteuid() {
		return nil
	}
	if err := file.Chown(int(owner.Uid), int(owner.Gid)); err != nil {
		return fmt.Errorf("give .env its owner: %w\n\n%s", err, instance.WithRoot(string(t.Dir)))
	}
	return nil
}

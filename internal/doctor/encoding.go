package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/marketcalls/openalgo-install/internal/envfile"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/readfile"
)

// idEncoding names a .env that a Windows editor saved in another form than UTF-8.
const idEncoding = "env-encoding"

// fixEncoding writes .env as plain UTF-8, and keeps the file as it was. It writes into
// the file that is there: a container that runs has that one mounted, and it keeps
// its owner and mode.
func (l Look) fixEncoding(ctx context.Context) error {
	dir := instance.Dir(l.Dir)
	if _, err := dir.Create(); err != nil {
		return err
	}
	held, holder, err := dir.TryLock()
	if err != nil {
		return err
	}
	if held == nil {
		return finding.Named(finding.HostNotReady, "instance-busy", "%s is under way. Try again when it has ended", holder)
	}
	defer held.Release()
	held.Sign("doctor")
	file, err := instance.OpenInside(dir.Env(), os.O_RDWR)
	if errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("open .env: %w\n\n%s", err, instance.WithRoot(l.Dir))
	}
	if err != nil {
		return fmt.Errorf("open .env: %w", err)
	}
	defer file.Close()
	text, err := readfile.Open(file, dir.Env(), readfile.Config)
	if err != nil {
		return fmt.Errorf("reading .env: %w", err)
	}
	plain, err := envfile.Converted(text)
	if err != nil {
		return finding.Named(finding.HostNotReady, "env-encoding", "convert .env: %w", err)
	}
	if string(plain) == string(text) {
		return nil // somebody was faster
	}
	if _, err := instance.Keep(dir, instance.EnvName, text); err != nil {
		return err
	}
	if _, err = file.WriteAt(plain, 0); err == nil {
		err = file.Truncate(int64(len(plain)))
	}
	if err = errors.Join(err, file.Sync()); err != nil {
		return fmt.Errorf("write .env: %w. The previous file is %s", err, dir.KeptPath(""))
	}
	return nil
}

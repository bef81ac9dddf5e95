package ops

import (
	"context"
	"fmt"

	"github.com/marketcalls/openalgo-install/internal/backup"
	"github.com/marketcalls/openalgo-install/internal/guard"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/readfile"
)

// filesNow reads the files of the instance's directory, and wants .env to have the
// keys of its data.
func filesNow(ctx context.Context, in *Session, take func(name string, text []byte) error) error {
	for _, name := range backup.InstanceFiles() {
		text, err := fileOf(ctx, in, name)
		if err == nil && name == instance.EnvName {
			var s instance.State
			if s, err = in.dir.LoadState(); err == nil {
				err = guard.SameKeys(s, text)
			}
		}
		if err == nil && text != nil {
			err = take(name, text)
		}
		if err != nil {
			return fmt.Errorf("copying %s: %w", name, err)
		}
	}
	return nil
}

// fileOf reads a file of the instance's directory; nil when there is none.
func fileOf(ctx context.Context, in *Session, name string) ([]byte, error) {
	if name == instance.EnvName {
		return readEnv(ctx, in)
	}
	return readfile.Optional(string(in.dir) + "/" + name)
}

package ops

import (
	"context"
	"time"

	"github.com/marketcalls/openalgo-install/internal/backup"
	"github.com/marketcalls/openalgo-install/internal/engine/helper"
	"github.com/marketcalls/openalgo-install/internal/host"
	"github.com/marketcalls/openalgo-install/internal/instance"
)

// tidy removes what a killed run left that no journal names: helper containers,
// temporary files, an unfinished backup and an editor's copy of .env. Every run
// that takes the lock calls it, whatever the run does.
func (in *kit) tidy(ctx context.Context) {
	instance.Tidy(in.dir)
	host.SweepTemp(time.Now())
	helper.RemoveLeft(ctx, in.Engine, string(in.dir))
	backup.Tidy(in.dir)
}

// Dir returns the instance's directory.
func (in *Session) Dir() instance.Dir { return in.dir }

package doctor

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"time"

	theclock "github.com/marketcalls/openalgo-install/internal/clock" // a check has its name
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/envfile"
	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/host"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/ops"
	"github.com/marketcalls/openalgo-install/internal/publicip"
	"github.com/marketcalls/openalgo-install/internal/readfile"
	"github.com/marketcalls/openalgo-install/internal/run"
	"github.com/marketcalls/openalgo-install/internal/sizing"
	"github.com/marketcalls/openalgo-install/internal/status"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// Look is what is to be examined, and with what.
type Look struct {
	Dir     string
	Engine  *engine.Engine // nil: EngineErr says why
	Machine sizing.Machine

	EngineErr error

	// Seen, Host and Public are what the caller knows already; nil has it looked
	// at.
	Seen   *status.Instance
	Host   *host.Facts
	Public func(context.Context) publicip.Address

	quick bool // without what only the hourly checks need
}

// netTime bounds each question to the network.
const netTime = 5 * time.Second

func (l Look) gather(ctx context.Context) patient {
	p := patient{dir: l.Dir, reader: finding.Prompt{Dir: l.Dir, Sudo: !instance.IsMine(l.Dir)}, engineErr: l.EngineErr, now: theclock.Now()}
	if p.host = l.Host; p.host == nil {
		if facts, err := host.Measure(ctx); err == nil {
			p.host = &facts
		}
	}
	l.gatherFiles(&p)
	if l.Engine != nil {
		l.gatherEngine(ctx, &p)
	}
	return p
}

func (l Look) gatherEngine(ctx context.Context, p *patient) {
	info := l.Engine.Info()
	p.engine = &info
	p.instance = l.Seen
	if p.instance == nil {
		if all, err := status.Look(ctx, l.Engine, l.Machine, l.Dir); err == nil && len(all.Instances) > 0 {
			p.instance = &all.Instances[0]
		}
	}
	if p.instance != nil {
		c, err := l.Engine.Container(ctx, p.instance.Container)
		switch {
		case p.instance.Container == "":
		case err == nil:
			p.container = &c
		case !errors.Is(err, engine.ErrNotFound):
			p.containerErr = err
		}
	}
	if l.quick {
		return
	}
	p.idleSalt = p.container != nil && world.IdleSalt(ctx, l.Engine, l.Dir, *p.container)
	p.obstacles = l.obstacles(ctx)
}

// obstacles are why commands do not change the instance.
func (l Look) obstacles(ctx context.Context) (out []obstacle) {
	var seen *world.Observation
	in, err := ops.New(l.Dir, l.Engine, l.Machine, event.ReporterFunc(func(event.Event) {}))
	if err == nil {
		seen, err = in.Survey(ctx)
	}
	for _, problem := range finding.Problems(err) {
		out = append(out, obstacle{problem: problem})
	}
	if err != nil {
		return out
	}
	return refused(seen)
}

func gone(path string) bool {
	_, err := os.Stat(path)
	return errors.Is(err, os.ErrNotExist)
}

func (l Look) gatherFiles(p *patient) {
	path := filepath.Join(l.Dir, ".env")
	text, err := readfile.Regular(path, readfile.Config)
	if err == nil {
		p.env, err = envfile.Parse(text)
	}
	p.envErr = err
	if info, err := os.Stat(path); err == nil {
		p.envMode = info.Mode()
		if stat, ok := info.Sys().(*syscall.Stat_t); ok {
			p.envOwner = owner{uid: stat.Uid, gid: stat.Gid}
		}
	}
	if p.unfinished = run.Unfinished(l.Dir); p.unfinished != "" {
		j, err := run.Left(instance.Dir(l.Dir))
		if p.unreadable = err; j != nil {
			p.left = j.Command
		}
	}
}

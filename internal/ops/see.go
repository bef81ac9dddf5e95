package ops

import (
	"context"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/appfile"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/plan"
	"github.com/marketcalls/openalgo-install/internal/ports"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// seeFor looks at what an intent needs beside that, once it is known which image
// is meant.
func seeFor(ctx context.Context, in *Session, o *world.Observation, i plan.Intent) error {
	see := in.see()
	if err := see.LookAtImage(ctx, o, plan.ImageRef(o, i), i.Image.Moves); err != nil {
		return err
	}
	see.LookAtRelease(ctx, o, i.Upgrades(), i.Restores())
	if r := i.Backup; r != nil {
		account, _ := r.Env.Get("BROKER_API_KEY")
		var trees []string
		for _, t := range r.Manifest.Trees {
			trees = append(trees, t.Name)
		}
		see.LookAtBackup(ctx, o, account, trees, in.dir.Work(instance.Replaced))
	}
	see.LookAtEdge(ctx, o, i.Answers, i.Rehearsal)
	return nil
}

// seePorts looks which of the ports that may be chosen are free.
func seePorts(ctx context.Context, in *Session, o *world.Observation, a answers.Answers) {
	if ports.AsksFree(o, a) {
		in.see().LookAtPorts(ctx, o, a.Ports.Bind, ports.Asked(o, a))
	}
}

func readEnv(ctx context.Context, in *Session) ([]byte, error) {
	return appfile.ReadEnv(ctx, in.Engine, in.dir, "")
}

// EnvText is .env as it stands, for an editor.
func (in *Session) EnvText(ctx context.Context) ([]byte, error) {
	text, err := readEnv(ctx, in)
	if err == nil && text == nil {
		err = finding.Named(finding.HostNotReady, "env-missing", "there is no %s", in.dir.Env()).With(world.Elsewhere()...)
	}
	return text, err
}

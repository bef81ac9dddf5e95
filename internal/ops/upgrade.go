package ops

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/guard"
	"github.com/marketcalls/openalgo-install/internal/image"
	"github.com/marketcalls/openalgo-install/internal/installed"
	"github.com/marketcalls/openalgo-install/internal/plan"
	"github.com/marketcalls/openalgo-install/internal/stacks"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// Upgrade takes an installed stack to another release: the image first, its
// new settings merged into .env, a copy of the databases, the swap, and all of
// it back when the new one does not get ready. to is a tag, a digest or a whole
// reference; "" is the newest of the tag that is installed.
func Upgrade(to string) Command {
	return Command{Name: plan.CommandUpgrade, look: lookAtRelease(to), settle: true, Wish: func(o *world.Observation) (plan.Intent, error) {
		return upgraded(o, to)
	}}
}

// lookAtRelease looks, too, whether the image that runs is one of no registry, unless
// an upgrade is to another one by its whole name.
func lookAtRelease(to string) func(context.Context, *world.Looker) (*world.Observation, error) {
	return func(ctx context.Context, l *world.Looker) (*world.Observation, error) {
		o, err := l.Look(ctx, false)
		if err == nil && !image.IsWhole(to) {
			lookAtSource(ctx, l, o)
		}
		return o, err
	}
}

// registryTime bounds what a registry is asked before anything is begun.
const registryTime = 10 * time.Second

// lookAtSource looks at the image that runs, and whether a registry has it.
func lookAtSource(ctx context.Context, l *world.Looker, o *world.Observation) {
	world.LookAtRunning(ctx, l, o)
	i, err := installed.Intent(o, plan.CommandUpgrade)
	if err != nil || o.Runs == nil || i.Answers.Image.Source != "registry" {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, registryTime)
	defer cancel()
	o.Runs.Local = image.IsLocal(ctx, l.Engine, o.Runs.Image, i.Answers.Image.Ref)
}

// CheckUpgrade asks the registry whether there is something newer.
func (in *Session) CheckUpgrade(ctx context.Context, to string) (available bool, message string, err error) {
	c := Upgrade(to)
	if _, err := settle(ctx, in, c); err != nil {
		return false, "", err
	}
	o, err := c.seen(ctx, in.see())
	if err != nil {
		return false, "", err
	}
	in.knowEnv(o)
	i, err := c.Wish(o)
	if err != nil {
		return false, "", err
	}
	a, runs := i.Answers, o.Container().ImageID
	if a.Image.Source != "registry" {
		return checkSource(ctx, in, i, runs)
	}
	digest, err := in.Engine.RemoteDigest(ctx, a.Image.Ref)
	if errors.Is(err, engine.ErrNotAsked) {
		return false, "", err
	}
	if err != nil {
		return false, "", finding.Named(finding.Failed, "registry-unreachable", "asking the registry for %s: %w", a.Image.Ref, err)
	}
	for _, ref := range []string{a.Image.Ref, o.State.ImageRef} {
		now, err := in.Engine.Image(ctx, ref)
		if err != nil && !errors.Is(err, engine.ErrImageNotFound) {
			return false, "", err
		}
		if err == nil && now.ID == runs && now.Digest == digest {
			return false, "OpenAlgo already runs the newest image of " + a.Image.Ref, nil
		}
	}
	return true, fmt.Sprintf("a newer image of %s is available (%s): %s", a.Image.Ref, digest, finding.Command(in.dir, "upgrade")), nil
}

// checkSource says whether the source makes another image than the one that runs.
func checkSource(ctx context.Context, in *Session, i plan.Intent, runs string) (available bool, message string, err error) {
	t := newTurn(in, Command{})
	defer t.source.Close()
	b, err := openSource(ctx, t, i)
	if err != nil {
		return false, "", err
	}
	now, err := in.Engine.Image(ctx, b.Ref)
	if err != nil && !errors.Is(err, engine.ErrImageNotFound) {
		return false, "", err
	}
	if err == nil && now.ID == runs {
		return false, "OpenAlgo runs the image of " + b.From, nil
	}
	if b.Loaded {
		return true, "another image is " + b.Origin(), nil
	}
	return true, "newer source code is available: " + b.From, nil
}

// upgraded is the wish for the saved answers with the image to go to.
func upgraded(o *world.Observation, to string) (plan.Intent, error) {
	i, err := installed.Intent(o, plan.CommandUpgrade)
	if err != nil {
		return i, err
	}
	a := &i.Answers
	if a.Image, to, err = image.Chosen(a.Image, to); err != nil {
		return i, err
	}
	builds := a.Image.Source != "registry"
	switch {
	case a.Image.Source == "rehearsal":
		return i, finding.Named(finding.HostNotReady, "test-app", "the test app has no newer release. Nothing was changed")
	case a.Image.Source == "path" && to != "":
		return i, finding.Named(finding.Usage, "image-built", "OpenAlgo is built from %s, so --to cannot choose a release", a.Image.Path).
			With(finding.Shell("Check the release out, then upgrade without --to", fmt.Sprintf("git -C %[1]s fetch --tags && git -C %[1]s checkout %s", a.Image.Path, to))).
			Ending(finding.Unchanged)
	case builds && to != "":
		a.Image.Ref = to
	}
	c, err := guard.Present(o)
	if err != nil {
		return i, err
	}
	if !stacks.IsUp(*c) {
		return i, guard.NotRunning(c.Name, c.State, "an upgrade")
	}
	if !builds {
		if !image.IsWhole(to) {
			if err := guard.Registry(o, a.Image.Ref); err != nil {
				return i, err
			}
		}
		if a.Image.Ref, err = image.Target(a.Image.Ref, to); err != nil {
			return i, err
		}
	}
	// What is built has another name for another source.
	i.Image, i.Data = plan.ImageRule{Moves: true, Newest: a.Image.Source == "registry"}, plan.Copied
	return i, nil
}

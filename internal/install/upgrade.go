package install

import (
	"context"
	"fmt"
	"strings"

	"github.com/distribution/reference"

	"github.com/marketcalls/openalgo-install/internal/answers"
)

// Upgrade takes an installed stack to another release: the image first, its
// new settings merged into .env, a copy of the databases, the swap, and all of
// it back when the new one does not get ready. to is a tag, a digest or a whole
// reference; "" is the newest of the tag that is installed.
func (in *Installer) Upgrade(ctx context.Context, to string) (Result, error) {
	pulled := "" // once is enough, unless another run has changed what is wanted
	return in.carryOut(ctx, commandUpgrade, func(ctx context.Context) (answers.Answers, error) {
		a, before, err := in.upgraded(ctx, to)
		if err != nil || a.Image.Ref == pulled {
			return a, err
		}
		pulled = a.Image.Ref
		return a, in.pullNewest(ctx, a.Image.Ref, before)
	})
}

// pullNewest brings the newest image of a reference; before is the one that runs.
func (in *Installer) pullNewest(ctx context.Context, ref, before string) error {
	began := in.stepStarted("image", "bring the image "+ref)
	image, err := in.Engine.Pull(ctx, ref, in.progress("image"))
	if err != nil {
		in.stepEnded("image", StepFailed, began)
		return &Error{Exit: ExitFailed, Err: pullError(ref, err)}
	}
	in.stepEnded("image", StepDone, began)
	if image.ID == before {
		in.note("the image that runs is the newest of " + ref)
	}
	return nil
}

// PlanUpgrade works out what Upgrade would do, as far as that is known without
// the new image, and changes nothing.
func (in *Installer) PlanUpgrade(ctx context.Context, to string) (*Plan, error) {
	return in.dryRun(ctx, commandUpgrade, func(ctx context.Context) (answers.Answers, error) {
		a, _, err := in.upgraded(ctx, to)
		return a, err
	})
}

// CheckUpgrade asks the registry whether there is something newer.
func (in *Installer) CheckUpgrade(ctx context.Context, to string) (available bool, message string, err error) {
	if err := in.settle(ctx, commandUpgrade); err != nil {
		return false, "", err
	}
	a, before, err := in.upgraded(ctx, to)
	if err != nil {
		return false, "", err
	}
	digest, err := in.Engine.RemoteDigest(ctx, a.Image.Ref)
	if err != nil {
		return false, "", &Error{Exit: ExitFailed, Err: fmt.Errorf("asking the registry for %s: %w", a.Image.Ref, err)}
	}
	for _, ref := range []string{a.Image.Ref, in.installedRef()} {
		now, err := in.Engine.Image(ctx, ref)
		if err == nil && now.ID == before && now.Digest == digest {
			return false, "OpenAlgo runs the newest image of " + a.Image.Ref, nil
		}
	}
	return true, fmt.Sprintf("there is another image of %s (%s): openalgo-install upgrade", a.Image.Ref, digest), nil
}

// installedRef is the image that the last run installed, by name.
func (in *Installer) installedRef() string {
	s, _ := in.work.readState() // upgraded has read it already
	return s.ImageRef
}

// upgraded are the saved answers with the image to go to, and the ID of the
// image that runs.
func (in *Installer) upgraded(ctx context.Context, to string) (answers.Answers, string, error) {
	a, err := in.saved(ctx)
	if err != nil {
		return a, "", err
	}
	if a.Image.Source != "registry" {
		return a, "", fail(ExitHost, "this OpenAlgo comes from %s, not from a registry: install with its answers again, which takes what is newest there", a.Image.Source)
	}
	c, err := in.find(ctx)
	if err != nil {
		return a, "", err
	}
	if !isUp(*c) {
		return a, "", fail(ExitHost, "%s is %s, and an upgrade proves itself by a start: `openalgo-install start` first", c.Name, c.State)
	}
	if a.Image.Ref, err = targetRef(a.Image.Ref, to); err != nil {
		return a, "", err
	}
	in.keep, in.upgrading = nil, true
	return a, c.ImageID, nil
}

// targetRef is the image that `--to` names.
func targetRef(now, to string) (string, error) {
	named, err := reference.ParseNormalizedNamed(now)
	if err != nil {
		return "", fail(ExitHost, "the image that is installed, %s, is no reference: %w", now, err)
	}
	repository := repositoryOf(now)
	if to == "" {
		if _, fixed := named.(reference.Digested); fixed {
			return "", fail(ExitUsage, "%s is one image for ever, by its digest: name another with --to", now)
		}
		return now, nil
	}
	full := repository + ":" + to
	switch {
	case strings.HasPrefix(to, "sha256:"):
		full = repository + "@" + to
	case strings.ContainsAny(to, "/:@"):
		full = to
	}
	if _, err := reference.ParseNormalizedNamed(full); err != nil {
		return "", fail(ExitUsage, "--to: %q is neither a tag, a digest nor an image, e.g. latest", to)
	}
	return full, nil
}

// repositoryOf is a reference without its tag and digest.
func repositoryOf(ref string) string {
	repository, _, _ := strings.Cut(ref, "@")
	if i := strings.LastIndexByte(repository, ':'); i > strings.LastIndexByte(repository, '/') {
		repository = repository[:i]
	}
	return repository
}

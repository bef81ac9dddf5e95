package install

import (
	"context"
	"time"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/envfile"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/keys"
)

// Releases of OpenAlgo before saltSince know no FERNET_SALT: their .sample.env
// has no such line, and they encrypt under one fixed salt, whatever .env says.
// A newer release takes a salt that it finds in .env for the one of the stored
// secrets, so one that was written for an older release makes them unreadable.
// Without such a line it encrypts them again, under a salt that it makes itself.
var saltSince = time.Date(2026, 5, 8, 0, 0, 0, 0, time.UTC)

// namesSalt reports whether a .sample.env names FERNET_SALT. Where there is no
// sample, the built-in base serves, which does.
func namesSalt(sample []byte) bool {
	if sample == nil {
		return true
	}
	base, err := envfile.Parse(sample)
	if err != nil {
		return true
	}
	_, ok := base.Get(keys.FernetSalt)
	return ok
}

// saltAfter is what is known once an image with this sample has run. A salt
// that was in use stays so: data from then is encrypted under it.
func saltAfter(s instance.State, sample []byte) string {
	if s.FernetSalt == instance.SaltUsed || namesSalt(sample) {
		return instance.SaltUsed
	}
	return instance.SaltIdle
}

// judgeSalt finds out whether a salt in .env is one that data depends on, where
// the last run did not note it: earlier versions of this program wrote one
// whatever the release. A note that none is in use counts no longer once a
// release runs that knows it: somebody upgraded without this program, and the
// app made a salt and encrypted its secrets under it.
func (in *Installer) judgeSalt(ctx context.Context, o *observed) {
	id := ""
	if c := o.Container(); c != nil {
		id = c.ImageID
	}
	o.State.FernetSalt = in.saltOf(ctx, o.Env, o.State, id, time.Time{})
}

// saltOf is what is known of the salt of a .env whose data an image has used last.
func (in *Installer) saltOf(ctx context.Context, env *envfile.File, s instance.State, image string, made time.Time) string {
	if env == nil || s.FernetSalt == instance.SaltUsed {
		return s.FernetSalt
	}
	value, have := env.Get(keys.FernetSalt)
	if !have && s.Keys[keys.FernetSalt] == "" {
		return s.FernetSalt
	}
	switch {
	case s.FernetSalt == "" && in.knowsNoSalt(ctx, image, made):
		return instance.SaltIdle
	case s.FernetSalt == instance.SaltIdle && keys.SaltState(value) == keys.Sound && in.knowsSalt(ctx, image, made):
		return instance.SaltUsed
	}
	return s.FernetSalt
}

// knowsSalt reports whether an image is certainly of a release with FERNET_SALT.
func (in *Installer) knowsSalt(ctx context.Context, id string, made time.Time) bool {
	if id == "" {
		return false
	}
	if _, err := in.Engine.Image(ctx, id); err == nil {
		sample, err := in.sampleOf(ctx, id)
		return err == nil && sample != nil && namesSalt(sample)
	}
	return !made.Before(saltSince)
}

// knowsNoSalt reports whether an image is certainly of a release without
// FERNET_SALT: by its own sample, else by its day.
func (in *Installer) knowsNoSalt(ctx context.Context, id string, made time.Time) bool {
	if id == "" {
		return false
	}
	if _, err := in.Engine.Image(ctx, id); err == nil {
		sample, err := in.sampleOf(ctx, id)
		return err == nil && !namesSalt(sample)
	}
	return !made.IsZero() && made.Year() > 2000 && made.Before(saltSince)
}

// sampleOf is the .sample.env of an image, nil where it has none.
func (in *Installer) sampleOf(ctx context.Context, id string) ([]byte, error) {
	if sample, known := in.samples[id]; known {
		return sample, nil
	}
	sample, err := in.readSample(ctx, id)
	if err != nil {
		return nil, err
	}
	if in.samples == nil {
		in.samples = map[string][]byte{}
	}
	in.samples[id] = sample
	return sample, nil
}

// IdleSalt reports whether the release that a container runs knows no
// FERNET_SALT, so that no data depends on one in the .env of dir.
func IdleSalt(ctx context.Context, e *engine.Engine, dir string, c engine.Container) bool {
	in := &Installer{Engine: e, dir: instance.Dir(dir)}
	s, err := in.dir.LoadState()
	if err != nil {
		return false
	}
	o := &observed{State: s, Env: envOf(dir), Containers: []engine.Container{c}}
	in.judgeSalt(ctx, o)
	return o.State.FernetSalt == instance.SaltIdle
}

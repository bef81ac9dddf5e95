package world

import (
	"context"
	"time"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/envfile"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/keys"
	"github.com/marketcalls/openalgo-install/internal/settings"
)

// Releases of OpenAlgo before saltSince know no FERNET_SALT: their .sample.env
// has no such line, and they encrypt under one fixed salt, whatever .env says.
// A newer release takes a salt that it finds in .env for the one of the stored
// secrets, so one that was written for an older release makes them unreadable.
// Without such a line it encrypts them again, under a salt that it makes itself.
var saltSince = time.Date(2026, 5, 8, 0, 0, 0, 0, time.UTC)

// judgeSalt finds out whether a salt in .env is one that data depends on, where
// the last run did not note it: earlier versions of this program wrote one
// whatever the release. A note that none is in use counts no longer once a
// release runs that knows it: somebody upgraded without this program, and the
// app made a salt and encrypted its secrets under it.
func judgeSalt(ctx context.Context, l *Looker, o *Observation) {
	id := ""
	if c := o.Container(); c != nil {
		id = c.ImageID
	}
	o.State.FernetSalt = l.SaltOf(ctx, o.Env, o.State, id, time.Time{})
}

// SaltOf is what is known of the salt of a .env whose data an image has used last.
func (l *Looker) SaltOf(ctx context.Context, env *envfile.File, s instance.State, image string, made time.Time) string {
	if env == nil || s.FernetSalt == instance.SaltUsed {
		return s.FernetSalt
	}
	value, have := env.Get(keys.FernetSalt)
	if !have && s.Keys[keys.FernetSalt] == "" {
		return s.FernetSalt
	}
	switch {
	case s.FernetSalt == "" && knowsNoSalt(ctx, l.images(), image, made):
		return instance.SaltIdle
	case s.FernetSalt == instance.SaltIdle && keys.SaltState(value) == keys.Sound && knowsSalt(ctx, l.images(), image, made):
		return instance.SaltUsed
	}
	return s.FernetSalt
}

// knowsSalt reports whether an image is certainly of a release with FERNET_SALT.
func knowsSalt(ctx context.Context, i *images, id string, made time.Time) bool {
	if id == "" {
		return false
	}
	if _, err := i.engine.Image(ctx, id); err == nil {
		sample, err := i.sample(ctx, id)
		return err == nil && sample != nil && settings.NamesSalt(sample)
	}
	return !made.Before(saltSince)
}

// knowsNoSalt reports whether an image is certainly of a release without
// FERNET_SALT: by its own sample, else by its day.
func knowsNoSalt(ctx context.Context, i *images, id string, made time.Time) bool {
	if id == "" {
		return false
	}
	if _, err := i.engine.Image(ctx, id); err == nil {
		sample, err := i.sample(ctx, id)
		return err == nil && !settings.NamesSalt(sample)
	}
	return !made.IsZero() && made.Year() > 2000 && made.Before(saltSince)
}

// IdleSalt reports whether the release that a container runs knows no
// FERNET_SALT, so that no data depends on one in the .env of dir.
func IdleSalt(ctx context.Context, e Engine, dir string, c engine.Container) bool {
	s, err := instance.Dir(dir).LoadState()
	if err != nil {
		return false
	}
	l := &Looker{Engine: e, Dir: instance.Dir(dir)}
	return l.SaltOf(ctx, EnvOf(dir), s, c.ImageID, time.Time{}) == instance.SaltIdle
}

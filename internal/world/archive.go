package world

import (
	"context"
	"net/url"

	"github.com/marketcalls/openalgo-install/internal/backup"
	"github.com/marketcalls/openalgo-install/internal/envfile"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/stacks"
)

// LookAtArchive looks at what the files of a backup meet: it was made of an
// instance with this .env and state.
func LookAtArchive(ctx context.Context, l *Looker, o *Observation, env *envfile.File, s instance.State, m backup.Manifest) {
	o.Backup.Salt = l.SaltOf(ctx, env, s, m.Image.ID, m.Image.Created)
	_, o.Backup.Image = l.Engine.Image(ctx, s.ImageRef)
	o.Backup.Served = map[string]string{}
	for _, c := range o.All {
		if o.Owns(c) {
			continue
		}
		host, _ := EnvOf(stacks.DirOf(c)).Get("HOST_SERVER")
		if u, err := url.Parse(host); err == nil && u.Hostname() != "" && o.Backup.Served[u.Hostname()] == "" {
			o.Backup.Served[u.Hostname()] = c.Name
		}
	}
}

package settings

import (
	"path/filepath"
	"slices"
	"strings"

	docker "github.com/marketcalls/openalgo-install/internal/engine/spec"
	"github.com/marketcalls/openalgo-install/internal/envfile"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/spelling"
	"github.com/marketcalls/openalgo-install/templates"
)

// Unknown tells of keys that are most likely misspelt. env is the .env that is
// there, and sample the image's own base.
func (e Edit) Unknown(env *envfile.File, sample []byte) (warnings finding.Warnings) {
	if env == nil || e.Whole != nil {
		return nil
	}
	known := knownSettings(env, sample)
	for _, key := range e.Unset {
		if _, have := env.Get(key); !have {
			warnings = append(warnings, finding.Warn("setting-not-there", "%s is not in .env%s", key, meant(key, known)))
		}
	}
	for _, v := range e.Set {
		if !slices.Contains(known, v.Key) && nearest(v.Key, known) == "" {
			warnings = append(warnings, finding.Warn("setting-unknown", "OpenAlgo has no setting %s", v.Key))
		}
	}
	return warnings
}

// Misspelt are questions about keys that are most likely not what was meant: OpenAlgo
// would pass them over.
func (e Edit) Misspelt(env *envfile.File, sample []byte) (questions []string) {
	if env == nil || e.Whole != nil {
		return nil
	}
	known := knownSettings(env, sample)
	for _, v := range e.Set {
		if near := nearest(v.Key, known); near != "" && !slices.Contains(known, v.Key) {
			questions = append(questions, "OpenAlgo has no setting "+v.Key+". Did you mean "+near+"? "+v.Key+" would have no effect in .env")
		}
	}
	return questions
}

// knownSettings are those of a .env, of the image's base and of our own.
func knownSettings(env *envfile.File, sample []byte) []string {
	known := env.Keys()
	for _, text := range [][]byte{sample, templates.Env()} {
		if base, err := envfile.Parse(text); err == nil {
			known = append(known, base.Keys()...)
		}
	}
	return known
}

func meant(key string, known []string) string {
	if near := nearest(key, known); near != "" {
		return ". Did you mean " + near + "?"
	}
	return ""
}

// nearest is the setting that a key is most likely a slip of; "" is none.
func nearest(key string, known []string) string {
	near, ok := spelling.Nearest(strings.ToUpper(key), known, func(string) int { return 2 })
	if !ok || near == key {
		return ""
	}
	return near
}

// CheckDatabases refuses a database file where nothing is mounted: it would go
// with the container (docs/openalgo-facts.md 3.4).
func (e Edit) CheckDatabases(mounts []docker.Mount) (warnings finding.Warnings, err error) {
	for _, v := range e.Set {
		value := v.Value.Reveal()
		path, sqlite := strings.CutPrefix(value, "sqlite:///")
		if !strings.HasSuffix(v.Key, "DATABASE_URL") || !sqlite && strings.Contains(value, "://") || value == "" {
			continue
		}
		if !filepath.IsAbs(path) {
			path = filepath.Join(openalgo.Dir, path)
		}
		under := func(target string) bool { return strings.HasPrefix(filepath.Clean(path), target+"/") }
		mounted := slices.ContainsFunc(mounts, func(m docker.Mount) bool { return under(m.Target) })
		switch {
		case !mounted:
			return nil, finding.Named(finding.Usage, "data-not-kept", "%s: only files under db/ are kept and backed up. This file is lost when the container is recreated", v.Key)
		case !under(openalgo.DB):
			warnings = append(warnings, finding.Warn("data-not-backed-up", "%s: backups leave this file out, because it is not under db/", v.Key))
		}
	}
	return warnings, nil
}

package settings

import (
	"strings"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/envfile"
	"github.com/marketcalls/openalgo-install/internal/secret"
)

// Redactor knows every secret of the answers and of .env, which may be nil.
func Redactor(a answers.Answers, env *envfile.File) *secret.Redactor {
	c := Credentials(a)
	var known []secret.Text
	for _, composite := range []secret.Text{c.APIKey, c.APISecret, c.MarketAPIKey, c.MarketAPISecret} {
		known = append(known, composite)
		for _, part := range strings.Split(composite.Reveal(), ":::") {
			known = append(known, secret.New(part))
		}
	}
	for key, v := range a.Env {
		if envfile.IsSecret(key, v.Reveal()) {
			known = append(known, v)
		}
	}
	for _, t := range a.Notify {
		known = append(known, t.Hidden()...)
	}
	if env != nil {
		for _, key := range secretKeys(env) {
			value, _ := env.Get(key)
			known = append(known, secret.New(value))
		}
	}
	return secret.NewRedactor(known...)
}

// secretKeys lists the keys of a .env whose values must not be shown.
func secretKeys(file *envfile.File) []string {
	var out []string
	for _, key := range file.Keys() {
		if value, _ := file.Get(key); envfile.IsSecret(key, value) {
			out = append(out, key)
		}
	}
	return out
}

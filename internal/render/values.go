package render

import (
	"crypto/rand"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/compose"
	"github.com/marketcalls/openalgo-install/internal/envfile"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/image"
	"github.com/marketcalls/openalgo-install/internal/keys"
	"github.com/marketcalls/openalgo-install/internal/settings"
	"github.com/marketcalls/openalgo-install/internal/sizing"
)

// valuesFor decides by the rules of every instance.
func valuesFor(a answers.Answers, o Options) (values, finding.Warnings) {
	size, warnings := settings.DueSizing(machineFor(o.Target, o.Machine), 1, a.Sizing)
	return values{
		Sizing: size, Settings: settings.Of(a, size, false), TestImage: image.TestRef(),
		Env: func(there, sample []byte) ([]byte, error) {
			return envText(a, size, compose.ProjectName(o.InstanceDir), there, sample)
		},
	}, warnings
}

// envText is the text of .env. Without an engine it is not known whether data exists,
// so a key that an existing .env lacks is never created.
func envText(a answers.Answers, size sizing.Sizing, project string, there, sample []byte) ([]byte, error) {
	var current *envfile.File
	if there != nil {
		var err error
		if current, err = envfile.Parse(there); err != nil {
			return nil, finding.Named(finding.HostNotReady, "env-unreadable", "reading the .env that is there: %w", err)
		}
	}
	fresh := current == nil
	random := make([]byte, keys.Random)
	_, _ = rand.Read(random) // it never fails
	planned, _, err := settings.Decide(settings.Situation{Current: current, Sample: sample, DataMayExist: !fresh, Random: random},
		append(settings.Of(a, size, fresh), settings.Cookies(a, project, fresh)...), settings.Edit{})
	if err != nil {
		return nil, finding.Named(finding.HostNotReady, "directory-unwritable", "%w", err)
	}
	file, err := envfile.Parse(planned.Text)
	if err != nil {
		return nil, err
	}
	if _, err := settings.Check(file, sample, planned.Fresh, false); err != nil {
		return nil, err
	}
	return planned.Text, nil
}

package render

import (
	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/compose"
	"github.com/marketcalls/openalgo-install/internal/envfile"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/image"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/plan"
	"github.com/marketcalls/openalgo-install/internal/sizing"
)

// valuesFor decides by the rules of every instance.
func valuesFor(a answers.Answers, o Options) (values, []string) {
	size, warnings := plan.DueSizing(MachineFor(o.Target, o.Machine), 1, a.Sizing)
	return values{
		Sizing: size, Settings: plan.Settings(a, size, false), TestImage: image.TestRef(),
		Env: func(there, sample []byte) ([]byte, error) {
			return envText(a, size, compose.ProjectName(o.InstanceDir), there, sample)
		},
	}, warnings
}

// envText is the text of .env. Without an engine nobody can say whether data
// exists: a key that is missing from a .env that is there is never made up.
func envText(a answers.Answers, size sizing.Sizing, project string, there, sample []byte) ([]byte, error) {
	var current *envfile.File
	if there != nil {
		var err error
		if current, err = envfile.Parse(there); err != nil {
			return nil, finding.Named(finding.HostNotReady, "env-unreadable", "reading the .env that is there: %w", err)
		}
	}
	fresh := current == nil
	planned, _, err := plan.DecideEnv(current, sample, append(plan.Settings(a, size, fresh), plan.CookieSettings(a, project, fresh)...), instance.State{}, !fresh)
	if err != nil {
		return nil, finding.Named(finding.HostNotReady, "directory-unwritable", "%w", err)
	}
	file, err := envfile.Parse(planned.Text)
	if err != nil {
		return nil, err
	}
	if _, err := plan.CheckEnv(file, sample, planned.Fresh, false); err != nil {
		return nil, err
	}
	return planned.Text, nil
}

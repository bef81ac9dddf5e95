package ops

import (
	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/compose"
	"github.com/marketcalls/openalgo-install/internal/envfile"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/image"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/plan"
	"github.com/marketcalls/openalgo-install/internal/render"
	"github.com/marketcalls/openalgo-install/internal/sizing"
)

// Render writes the files of an instance by the rules of this package.
func Render(a answers.Answers, o render.Options) (written, warnings []string, err error) {
	size, warnings := plan.DueSizing(render.MachineFor(o.Target, o.Machine), 1, a.Sizing)
	v := render.Values{Sizing: size, TestImage: image.TestRef(), Env: func(there, sample []byte) ([]byte, error) {
		return renderedEnv(a, size, compose.ProjectName(o.InstanceDir), there, sample)
	}}
	for _, s := range plan.Settings(a, size, false) {
		v.Settings = append(v.Settings, render.Setting{Key: s.Key, Value: s.Value})
	}
	written, more, err := render.Write(a, o, v)
	if err != nil {
		return written, nil, err
	}
	return written, append(warnings, more...), nil
}

// renderedEnv is the text of .env. Without an engine nobody can say whether data
// exists: a key that is missing from a .env that is there is never made up.
func renderedEnv(a answers.Answers, size sizing.Sizing, project string, there, sample []byte) ([]byte, error) {
	var current *envfile.File
	if there != nil {
		var err error
		if current, err = envfile.Parse(there); err != nil {
			return nil, finding.Errorf(finding.HostNotReady, "reading the .env that is there: %w", err)
		}
	}
	fresh := current == nil
	planned, _, err := plan.DecideEnv(current, sample, append(plan.Settings(a, size, fresh), plan.CookieSettings(a, project, fresh)...), instance.State{}, !fresh)
	if err != nil {
		return nil, finding.Errorf(finding.HostNotReady, "%w", err)
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

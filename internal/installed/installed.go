// Package installed reads what an instance was installed with.
package installed

import (
	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/compose"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/guard"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/plan"
	"github.com/marketcalls/openalgo-install/internal/settings"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// Intent is that of the answers that an instance was installed with: it keeps its image. Credentials come from .env, where alone they are.
func Intent(o *world.Observation, command string) (plan.Intent, error) {
	i := plan.Intent{Command: command}
	path := o.Dir.Path(instance.AnswersName)
	switch {
	case o.Container() == nil && o.Env == nil:
		return i, finding.Named(finding.HostNotReady, "env-missing", "there is no OpenAlgo in %s", string(o.Dir)).With(world.Elsewhere()...)
	case o.State.ImageRef == "":
		return i, finding.Named(finding.HostNotReady, "foreign-stack", "the OpenAlgo in %s was not installed by openalgo-install", string(o.Dir)).
			With(finding.Run("Take it over as it is, with its keys and data", "adopt"))
	case o.AnswersText == nil:
		return i, finding.Named(finding.HostNotReady, "answers-missing", "%s is missing, so openalgo-install does not know how this instance was installed. Restore the file, "+
			"or install again with an answers file: keys and data stay", path)
	case o.Env == nil && len(o.Data) == 0:
		return i, finding.Named(finding.HostNotReady, "env-missing", "there is no %s, and no data either. To install OpenAlgo here, use --answers FILE", o.Dir.Env())
	}
	if err := guard.Keys(o); err != nil {
		return i, err
	}
	a, problems := answers.ParseSaved(o.AnswersText)
	if len(problems) > 0 {
		return i, finding.Named(finding.HostNotReady, "answers-invalid", "%s: %w", path, &answers.Invalid{Problems: problems})
	}
	settings.ReadCredentials(&a, o.Env)
	i.Answers, i.Image.Keep = a, &plan.Kept{Ref: o.State.ImageRef, OwnHealth: compose.HasOwnHealth(o.ComposeText)}
	return i, nil
}

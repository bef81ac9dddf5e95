package render

import (
	"crypto/rand"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/broker"
	"github.com/marketcalls/openalgo-install/internal/envfile"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/keys"
	"github.com/marketcalls/openalgo-install/internal/kube"
	"github.com/marketcalls/openalgo-install/internal/secret"
	"github.com/marketcalls/openalgo-install/internal/settings"
	"github.com/marketcalls/openalgo-install/internal/sizing"
)

// Secret returns the Secret of one instance, with new keys, or with those of a .env that
// is there: its data opens with no others. there is nil for new ones.
func Secret(n answers.Named, there []byte) ([]byte, finding.Warnings, error) {
	a := onCluster(n.Answers)
	if name := a.Kubernetes.ExistingSecret; name != "" {
		return nil, nil, finding.Named(finding.Usage, "secret-yours", "your answers say that the Secret is %s, which you keep elsewhere. It needs: %s", name, strings.Join(secretEntries(a), ", ")).Ending(finding.Unchanged)
	}
	var env *envfile.File
	if there != nil {
		var err error
		if env, err = envfile.Parse(there); err != nil {
			return nil, nil, finding.Named(finding.HostNotReady, "env-unreadable", "reading the .env that is there: %w", err)
		}
		a = settings.WithKept(a, env)
	}
	var entries []kube.Hidden
	var warnings finding.Warnings
	var err error
	if a.Kubernetes.Mode == answers.ModeMounted {
		entries, warnings, err = mountedEnv(answers.Named{Name: n.Name, Answers: a}, there)
	} else {
		entries, warnings, err = cloudSecrets(a, env)
	}
	if err != nil {
		return nil, nil, err
	}
	if broker.Awaited(a.Broker.APIKey.Reveal()) {
		warnings = append(warnings, finding.Warn("broker-key-missing", "the broker's credentials are not in the answers. OpenAlgo starts, but cannot log in to the broker. Put them into the Secret later, and delete the pod"))
	}
	return kube.SecretManifest(n.Name, entries), warnings, nil
}

// mountedEnv is a whole .env, which a pod reads and cannot write.
func mountedEnv(n answers.Named, there []byte) ([]kube.Hidden, finding.Warnings, error) {
	machine, err := nodeMachine(n, TargetKubernetes)
	if err != nil {
		return nil, nil, err
	}
	size, warnings := settings.DueSizing(machine, 1, n.Answers.Sizing)
	sample := sampleFor(n.Answers)
	if there != nil {
		sample = nil
	}
	text, err := envText(n.Answers, size, settings.FirstProject, there, sample)
	return []kube.Hidden{{Name: kube.EnvKey, Value: secret.New(string(text))}}, warnings, err
}

// cloudSecrets are the variables that start.sh writes into .env, as far as they are
// secret.
func cloudSecrets(a answers.Answers, env *envfile.File) ([]kube.Hidden, finding.Warnings, error) {
	var now keys.Keys
	salt := usesSalt(a)
	if env != nil {
		get := func(key string) secret.Text {
			value, _ := env.Get(key)
			return secret.New(value)
		}
		now = keys.Keys{AppKey: get(keys.AppKey), Pepper: get(keys.Pepper), FernetSalt: get(keys.FernetSalt)}
	}
	decided, err := keys.Decide(now, keys.Situation{DatabaseMayExist: env != nil, NoSalt: !salt}, rand.Reader)
	if err != nil {
		return nil, nil, finding.Named(finding.HostNotReady, "keys", "%w", err).Ending(finding.Unchanged)
	}
	if state := keys.PepperState(decided.Keys.Pepper.Reveal()); state != keys.Sound {
		return nil, nil, finding.Named(finding.HostNotReady, "pepper-known", "%s is %s, and OpenAlgo refuses to start with it in a pod. Its data opens with no other value", keys.Pepper, state).Ending(finding.Unchanged)
	}
	if state := keys.SaltState(decided.Keys.FernetSalt.Reveal()); salt && state != keys.Sound {
		return nil, nil, finding.Named(finding.HostNotReady, "salt-missing", "%s is %s in this .env, and OpenAlgo does not start in a pod without one. "+
			"Start OpenAlgo once where it is, with the release of your answers: it makes one and encrypts its data again. Then make the Secret", keys.FernetSalt, state).Ending(finding.Unchanged)
	}
	out := []kube.Hidden{{Name: keys.AppKey, Value: decided.Keys.AppKey}, {Name: keys.Pepper, Value: decided.Keys.Pepper}}
	if salt {
		out = append(out, kube.Hidden{Name: keys.FernetSalt, Value: decided.Keys.FernetSalt})
	}
	size, _ := settings.DueSizing(sizing.Machine{}, 1, a.Sizing)
	_, hidden := kubeSettings(a, size)
	for _, h := range hidden {
		if h.Name == "BROKER_API_KEY" && h.Value.Empty() {
			h.Value = secret.New("YOUR_BROKER_API_KEY") // as in OpenAlgo's sample: start.sh refuses an empty one
		}
		out = append(out, h)
	}
	return out, decided.Warnings, nil
}

package cluster

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/envfile"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/keys"
	"github.com/marketcalls/openalgo-install/internal/kube"
	"github.com/marketcalls/openalgo-install/internal/kubectl"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/secret"
)

// source reads the ConfigMaps and Secrets that a pod names, each once.
type source struct {
	in   *Instance
	read map[string]map[string]string
}

// entries returns those of one; nil where it is not there.
func (s *source) entries(ctx context.Context, kind, name string) (map[string]string, error) {
	if have, ok := s.read[kind+name]; ok {
		return have, nil
	}
	var out map[string]string
	var err error
	if kind == "secret" {
		var doc struct {
			Data map[string][]byte `json:"data"` // base64, as []byte is
		}
		if err = s.in.Kubectl.Object(ctx, &doc, kind, name); err == nil {
			out = map[string]string{}
			for key, value := range doc.Data {
				out[key] = string(value)
			}
		}
	} else {
		var doc struct {
			Data map[string]string `json:"data"`
		}
		if err = s.in.Kubectl.Object(ctx, &doc, kind, name); err == nil {
			out = doc.Data
		}
	}
	if errors.Is(err, kubectl.ErrNotFound) {
		err = nil
	}
	s.read[kind+name] = out
	return out, err
}

// secretOf returns the entries of a Secret; nil where it is not there.
func secretOf(ctx context.Context, in *Instance, name string) (map[string]string, error) {
	return (&source{in, map[string]map[string]string{}}).entries(ctx, "secret", name)
}

// variablesOf are what OpenAlgo's container gets, as Kubernetes makes them: a later one of
// the same name counts. A Secret or ConfigMap that is missing has none. Secrets are read
// only where they are needed: a user may not have the right to.
func variablesOf(ctx context.Context, in *Instance, w *world, secrets bool) (map[string]string, error) {
	c, from, out := w.set.container(), &source{in, map[string]map[string]string{}}, map[string]string{}
	for _, all := range c.EnvFrom {
		kind, name := "configmap", ""
		if all.Secret != nil {
			kind, name = "secret", all.Secret.Name
		} else if all.Config != nil {
			name = all.Config.Name
		}
		if kind == "secret" && !secrets {
			continue
		}
		values, err := from.entries(ctx, kind, name)
		if err != nil {
			return nil, err
		}
		for key, value := range values {
			out[all.Prefix+key] = value
		}
	}
	for _, v := range c.Env {
		out[v.Name] = v.Value
		if v.From == nil {
			continue
		}
		kind, ref := "secret", v.From.Secret
		if ref == nil {
			kind, ref = "configmap", v.From.Config
		}
		if ref == nil || kind == "secret" && !secrets {
			continue // a field of the pod
		}
		values, err := from.entries(ctx, kind, ref.Name)
		if err != nil {
			return nil, err
		}
		out[v.Name] = values[ref.Key]
	}
	return out, nil
}

// mounted names the Secret that has OpenAlgo's whole .env; "" where start.sh writes it.
func (w *world) mounted() string {
	for _, m := range w.set.container().Mounts {
		for _, v := range w.set.Spec.Template.Spec.Volumes {
			if m.Path == openalgo.Env && v.Name == m.Name && v.Secret != nil {
				return v.Secret.Name
			}
		}
	}
	return ""
}

// secretName is the Secret with the encryption keys; "" where the pod names none.
func (w *world) secretName() string {
	if name := w.mounted(); name != "" {
		return name
	}
	for _, all := range w.set.container().EnvFrom {
		if all.Secret != nil {
			return all.Secret.Name
		}
	}
	return ""
}

// envOf is the .env that OpenAlgo runs with: the mounted one, or what start.sh makes of
// the image's sample and the variables.
func envOf(ctx context.Context, in *Instance, w *world, sample string) (*envfile.File, error) {
	if name := w.mounted(); name != "" {
		values, err := secretOf(ctx, in, name)
		if err != nil {
			return nil, err
		}
		if values[kube.EnvKey] == "" {
			return nil, noSecret(in, name)
		}
		return envfile.Parse([]byte(values[kube.EnvKey]))
	}
	values, err := variablesOf(ctx, in, w, true)
	if err != nil {
		return nil, err
	}
	if values[keys.Pepper] == "" {
		return nil, noSecret(in, w.secretName())
	}
	return overlaid(sample, values)
}

// overlaid is a sample with the variables that it names, as start.sh writes it.
func overlaid(sample string, values map[string]string) (*envfile.File, error) {
	file, err := envfile.Parse([]byte(sample))
	if err != nil {
		return nil, fmt.Errorf("read the image's .sample.env: %w", err)
	}
	named := map[string]bool{keys.Pepper: true}
	for _, key := range file.Keys() {
		named[key] = true
	}
	for _, line := range strings.Split(sample, "\n") { // those that are comments there
		key, _, isSetting := strings.Cut(strings.TrimLeft(line, "# \t"), "=")
		if isSetting {
			named[strings.TrimSpace(key)] = true
		}
	}
	for key, value := range values {
		if !named[key] || key == openalgo.ConfigVersion || key == keys.FernetSalt {
			continue
		}
		if err := file.Set(key, value); err != nil {
			return nil, err
		}
	}
	if salt := values[keys.FernetSalt]; salt != "" && named[keys.FernetSalt] {
		err = keys.Set(file, keys.FernetSalt, salt)
	}
	return file, err
}

func noSecret(in *Instance, name string) error {
	return finding.Named(finding.HostNotReady, "cluster-secret-missing", "the Secret %s of this instance is missing, or has no %s", name, keys.Pepper).
		With(in.keys("If there is no data yet, make one"), advice("If there is data, restore the Secret that it was written with. The data opens with no other keys")).Ending(finding.Unchanged)
}

// secretEntries are what a Secret must have, so that OpenAlgo runs with the secrets of a
// .env. A mounted .env has the other settings, too: those are the cluster's own.
func secretEntries(w *world, env *envfile.File, own map[string]string) (out []kube.Hidden, err error) {
	if w.mounted() != "" {
		file := env.Clone()
		for _, key := range file.Keys() {
			if value, ok := own[key]; ok && !isHidden(key, value) && err == nil {
				err = file.Set(key, value)
			}
		}
		return []kube.Hidden{{Name: kube.EnvKey, Value: secret.New(string(file.Bytes()))}}, err
	}
	for _, key := range env.Keys() {
		value, _ := env.Get(key)
		if _, has := own[key]; !has && isHidden(key, value) { // the ConfigMap's own count
			out = append(out, kube.Hidden{Name: key, Value: secret.New(value)})
		}
	}
	return out, nil
}

// Redactor takes the secrets of an instance out of its log, as far as this user may read
// them.
func (in *Instance) Redactor(ctx context.Context) *secret.Redactor {
	var known []secret.Text
	w, err := in.look(ctx)
	if err != nil {
		return secret.NewRedactor()
	}
	values, _ := variablesOf(ctx, in, w, true)
	if w.mounted() != "" {
		if env, err := envOf(ctx, in, w, ""); err == nil {
			values = map[string]string{}
			for _, key := range env.Keys() {
				values[key], _ = env.Get(key)
			}
		}
	}
	for key, value := range values {
		if envfile.IsSecret(key, value) {
			known = append(known, secret.New(value))
		}
	}
	return secret.NewRedactor(known...)
}

// isHidden reports whether a setting belongs in the Secret. Some brokers have no secret:
// that is said by one that is empty.
func isHidden(key, value string) bool {
	return strings.HasPrefix(key, "BROKER_API_") || value != "" && envfile.IsSecret(key, value)
}

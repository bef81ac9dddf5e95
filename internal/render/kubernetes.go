package render

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/envfile"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/image"
	"github.com/marketcalls/openalgo-install/internal/image/spec"
	"github.com/marketcalls/openalgo-install/internal/kube"
	"github.com/marketcalls/openalgo-install/internal/settings"
	"github.com/marketcalls/openalgo-install/internal/sizing"
	"github.com/marketcalls/openalgo-install/templates"
)

// longestName is what a namespace may be called.
const longestName = 63

// nodeCores are what threads are computed for where the answers say nothing: the machine
// that renders is none of the cluster's.
const nodeCores = 2

// WriteKubernetes writes a directory of manifests for each instance, and one
// kustomization.yaml for all. Equal answers give equal bytes, and none is a secret.
func WriteKubernetes(all []answers.Named, out string) (written []string, warnings finding.Warnings, err error) {
	var files []output
	var names []string
	for _, n := range all {
		name := kube.Instance(n.Name)
		o, more, err := kubeInstance(n)
		if err != nil {
			return nil, nil, err
		}
		warnings = append(warnings, told(n.Name, more)...)
		for _, f := range o.Files() {
			files = append(files, output{filepath.Join(name, f.Name), f.Text, 0o644})
		}
		for _, f := range buildFiles(n.Answers) {
			files = append(files, output{filepath.Join(name, "build", f.name), f.text, f.mode})
		}
		names = append(names, name)
	}
	top := kube.Kustomization(names)
	files = append(files, output{top.Name, top.Text, 0o644})
	warnings = append(warnings, togetherWarnings(all, out, names)...)
	written, _, err = writeFiles(out, files)
	return written, warnings, err
}

// told has the name of an instance in front of its warnings.
func told(name string, warnings finding.Warnings) finding.Warnings {
	if name != "" {
		for _, w := range warnings {
			w.Err = errors.New(name + ": " + w.Err.Error())
		}
	}
	return warnings
}

// nodeMachine is what an instance on another machine is sized for; only the answers know it.
func nodeMachine(n answers.Named, target string) (sizing.Machine, error) {
	if n.Answers.Sizing.RAMMiB == 0 {
		of := ""
		if n.Name != "" {
			of = n.Name + ": "
		}
		return sizing.Machine{}, finding.Named(finding.Usage, "sizing-missing", "%ssizing.ram is missing, and --target %s does not use the memory of this machine. "+
			"Write the memory of one instance, for example `sizing: {ram: 4GB}`", of, target)
	}
	return sizing.Machine{RAMMiB: n.Answers.Sizing.RAMMiB, Cores: nodeCores, Source: sizing.SourceFlag}, nil
}

// kubeInstance is what the answers of one instance mean on a cluster.
func kubeInstance(n answers.Named) (kube.OpenAlgo, finding.Warnings, error) {
	a := n.Answers
	machine, err := nodeMachine(n, TargetKubernetes)
	if err != nil {
		return kube.OpenAlgo{}, nil, err
	}
	if namespace := kube.Namespace(n.Name); len(namespace) > longestName {
		return kube.OpenAlgo{}, nil, finding.Named(finding.Usage, "name-too-long", "%s is longer than the %d letters that a namespace may have. Give the instance a short `name`", namespace, longestName)
	}
	ref := imageOf(a, values{TestImage: image.TestRef()})
	if fromSource(a) {
		if ref = a.Kubernetes.Image; ref == "" {
			return kube.OpenAlgo{}, nil, finding.Named(finding.Usage, "image-not-pushed", "image.source %s builds an image on one machine, and a cluster pulls its images from a registry. "+
				"Write what you push it as, for example `kubernetes: {image: registry.example.com/openalgo:2.0.2.1}`", a.Image.Source)
		}
	}
	size, warnings := settings.DueSizing(machine, 1, a.Sizing)
	o := kube.OpenAlgo{Name: n.Name, Domain: a.Domain, Image: ref, RAMMiB: size.RAMMiB, ShmMiB: size.ShmMiB, Kubernetes: a.Kubernetes}
	if a.Kubernetes.Mode == answers.ModeMounted {
		for _, v := range size.Env() {
			if v.Key != "SHM_SIZE" {
				o.Config = append(o.Config, kube.Setting{Name: v.Key, Value: v.Value})
			}
		}
	} else {
		o.Config, _ = kubeSettings(a, size)
	}
	if !buildsOurs(a) && !spec.IsTest(ref) {
		o.Scripts = startScripts()
	}
	return o, append(warnings, kubeWarnings(n, o)...), nil
}

// startScripts take the place of those in an image of OpenAlgo's own: its start.sh knows
// no health check, keeps no data outside the container and writes a .env without
// FERNET_SALT.
func startScripts() (out []kube.Setting) {
	for _, f := range templates.BuildFiles() {
		if f.Name == "start.sh" || f.Name == "openalgo-migrate.py" {
			out = append(out, kube.Setting{Name: f.Name, Value: string(f.Text)})
		}
	}
	return out
}

// startsAlone are the settings that start.sh sets itself in a container.
var startsAlone = []string{"FLASK_HOST_IP", "FLASK_PORT", "FLASK_DEBUG", "FLASK_ENV", "WEBSOCKET_HOST", "WEBSOCKET_PORT", "SHM_SIZE"}

// onCluster are the answers as they count on a cluster, where each pod has its own ports.
func onCluster(a answers.Answers) answers.Answers {
	a.Ports = answers.Open()
	return a
}

// kubeSettings are the variables of an instance, apart those that are secret.
func kubeSettings(a answers.Answers, size sizing.Sizing) (plain []kube.Setting, hidden []kube.Hidden) {
	a = onCluster(a)
	public := a.PublicEnv()
	plain = append(plain, kube.Setting{Name: "OPENALGO_DATA_DIR", Value: kube.Data})
	for _, s := range settings.Of(a, size, true) {
		_, asked := a.Env[s.Key]
		_, isPublic := public[s.Key]
		value := s.Value.Reveal()
		switch {
		case slices.Contains(startsAlone, s.Key):
		case strings.HasPrefix(s.Key, "BROKER_API_") || asked && !isPublic || !asked && envfile.IsSecret(s.Key, value):
			hidden = append(hidden, kube.Hidden{Name: s.Key, Value: s.Value})
		default:
			plain = slices.DeleteFunc(plain, func(p kube.Setting) bool { return p.Name == s.Key }) // what is said later counts
			plain = append(plain, kube.Setting{Name: s.Key, Value: value})
		}
	}
	return plain, hidden
}

// Package render writes the files of an instance for Docker Compose, plain Docker,
// Swarm, Kubernetes, Railway and Render. It asks no engine.
package render

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/compose"
	"github.com/marketcalls/openalgo-install/internal/edge"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/host"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/readfile"
	"github.com/marketcalls/openalgo-install/internal/settings"
	"github.com/marketcalls/openalgo-install/internal/sizing"
)

// Targets that files are rendered for.
const (
	TargetCompose = "compose"
	TargetDocker  = "docker"
	TargetSwarm   = "swarm"
	TargetRailway = "railway"
	TargetRender  = "render"
	// TargetKubernetes is written by WriteKubernetes: it alone has many instances.
	TargetKubernetes = "kubernetes"
)

// Targets are all of them.
var Targets = []string{TargetCompose, TargetDocker, TargetSwarm, TargetRailway, TargetRender, TargetKubernetes}

// Options say what to write, and where.
type Options struct {
	Machine sizing.Machine // what it is sized for
	// InstanceDir is where the files are meant to end up; its name is the
	// project's.
	InstanceDir string
	Out         string
	Target      string // one of Targets
}

// machineFor returns the machine that files for a target are sized for.
func machineFor(target string, here sizing.Machine) sizing.Machine {
	if isCloud(target) {
		return sizing.Machine{RAMMiB: cloudRAMMiB, Cores: 1, Source: sizing.SourceFlag}
	}
	return here
}

func isCloud(target string) bool { return target == TargetRailway || target == TargetRender }

// values are what the rules for an instance make of the answers.
type values struct {
	Sizing   sizing.Sizing
	Settings []settings.Setting // of a .env that a platform writes
	// Env returns the text of .env. there is the file that is there, and sample
	// the base of a new one; both may be nil.
	Env       func(there, sample []byte) ([]byte, error)
	TestImage string // the reference of the test app's image
}

// output is one file to write.
type output struct {
	name string
	text []byte
	mode os.FileMode
}

// Write writes every file of an instance and touches nothing else. A .env that is
// there keeps its keys. Files for a cloud platform hold no secret.
func Write(a answers.Answers, o Options) (written []string, warnings finding.Warnings, err error) {
	if o.Target == TargetSwarm {
		if o.Machine, err = nodeMachine(answers.Named{Answers: a}, o.Target); err != nil {
			return nil, nil, err
		}
		a = onSwarm(a)
	}
	v, warnings := valuesFor(a, o)
	written, more, err := write(a, o, v)
	if err != nil {
		return written, nil, err
	}
	return written, append(warnings, more...), nil
}

func write(a answers.Answers, o Options, v values) (written []string, warnings finding.Warnings, err error) {
	files, err := filesOf(a, o, v)
	if err != nil {
		return nil, nil, err
	}
	switch {
	case isCloud(o.Target):
		warnings = cloudWarnings(a)
	case o.Target == TargetSwarm:
		warnings = swarmWarnings(a, o)
	}
	written, more, err := writeFiles(o.Out, files)
	return written, append(warnings, more...), err
}

// writeFiles writes files below a directory, and makes the directories that they need.
func writeFiles(dir string, files []output) (written []string, warnings finding.Warnings, err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, nil, finding.Named(finding.HostNotReady, "directory-unwritable", "making %s: %w", dir, err)
	}
	for _, f := range files {
		path := filepath.Join(dir, f.name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return written, nil, finding.Named(finding.HostNotReady, "directory-unwritable", "making %s: %w", filepath.Dir(path), err)
		}
		if err := host.WriteFile(path, f.text, f.mode, ""); err != nil {
			return written, nil, finding.Named(finding.HostNotReady, "directory-unwritable", "writing %s: %w", path, err)
		}
		written = append(written, path)
		if f.name != instance.EnvName {
			continue
		}
		if err := os.Chown(path, openalgo.User, openalgo.User); errors.Is(err, fs.ErrPermission) && os.Geteuid() != openalgo.User {
			warnings = append(warnings, finding.Warn("owner-wrong", "%s must belong to user 1000, the container's: sudo chown 1000:1000 %[1]s", path))
		}
	}
	return written, warnings, nil
}

func filesOf(a answers.Answers, o Options, v values) ([]output, error) {
	if isCloud(o.Target) {
		return cloudFiles(a, v, o.Target)
	}
	if o.Target == TargetSwarm {
		return swarmFiles(a, o, v)
	}
	env, err := envFile(a, o, v)
	if err != nil {
		return nil, err
	}
	saved, err := a.Public()
	if err != nil {
		return nil, err
	}
	files := []output{{instance.EnvName, env, 0o600}}
	project := compose.ProjectName(o.InstanceDir)
	if o.Target == TargetDocker {
		files = append(files, output{"run.sh", dockerRun(a, v, project), 0o755})
	} else {
		files = append(files, output{compose.FileName, compose.Render(compose.Params{
			Project: project, Container: compose.ContainerName(project), Image: imageOf(a, v),
			Bind: a.Ports.Bind, WebPort: a.Ports.Web, WebSocketPort: a.Ports.WebSocket,
			Command: commandOf(a), OwnHealth: buildsOurs(a), BindData: a.Volumes == "bind",
		}), 0o644})
	}
	files = append(files, output{instance.AnswersName, saved, 0o644})
	site, err := edgeFiles(a, project, o.InstanceDir)
	if err != nil {
		return nil, err
	}
	files = append(files, site...)
	return append(files, buildFiles(a)...), nil
}

// commandOf is what the container runs; nil is the image's own command.
func commandOf(a answers.Answers) []string {
	if a.Domain != "" {
		return nil
	}
	return compose.Command(a.Ports.Web, a.Ports.WebSocket)
}

// edgeFiles are those of the way in over HTTPS, in a directory of their own.
func edgeFiles(a answers.Answers, project, dir string) ([]output, error) {
	if a.TLS.Mode == "off" {
		return nil, nil
	}
	site := edge.Site{Instance: project, Dir: dir, Domain: a.Domain, Email: a.TLS.Email, CA: a.TLS.CA, Cloudflare: a.TLS.Cloudflare,
		Web: edge.Upstream(a.Ports.Bind, a.Ports.Web), WebSocket: edge.Upstream(a.Ports.Bind, a.Ports.WebSocket),
		CertPath: a.TLS.Cert, KeyPath: a.TLS.Key}
	if a.TLS.CARoot != "" {
		text, err := readfile.Regular(a.TLS.CARoot, readfile.Config)
		if err != nil {
			return nil, finding.Named(finding.Usage, "certificate-unusable", "tls.ca_root: %w", err)
		}
		site.CARoot = text
	}
	if a.TLS.Mode == "files" {
		if _, err := site.ReadCertificate(a.TLS.Cert, a.TLS.Key, time.Now()); err != nil {
			return nil, finding.Named(finding.Usage, "certificate-unusable", "%w", err)
		}
	}
	var out []output
	settings := edge.Settings{Dir: a.TLS.Edge.Dir, Image: a.TLS.Edge.Image, HTTP: a.TLS.Edge.HTTP, HTTPS: a.TLS.Edge.HTTPS}
	for _, f := range edge.Render(site, settings, a.TLS.Mode == "nginx") {
		out = append(out, output{f.Path, f.Text, f.Mode})
	}
	return out, nil
}

func envFile(a answers.Answers, o Options, v values) ([]byte, error) {
	there, err := readfile.Optional(filepath.Join(o.Out, instance.EnvName))
	if err != nil {
		return nil, finding.Named(finding.HostNotReady, "env-unreadable", "reading the .env that is there: %w", err)
	}
	sample := sampleFor(a)
	if there != nil {
		sample = nil // the file wins
	}
	return v.Env(there, sample)
}

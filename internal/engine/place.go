package engine

import (
	"cmp"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/containerd/errdefs"
	"github.com/docker/cli/cli/config/configfile"
	clicontext "github.com/docker/cli/cli/context"
	"github.com/docker/cli/cli/context/docker"
	"github.com/docker/cli/cli/context/store"
	"github.com/docker/docker/client"

	"github.com/marketcalls/openalgo-install/internal/finding"
)

// Names of variables for which the client has no constant.
const (
	contextVariable = "DOCKER_CONTEXT"
	verifyVariable  = client.EnvTLSVerify
	certsVariable   = client.EnvOverrideCertPath
)

// place is where an engine may be.
type place struct {
	docker.Endpoint
	setting // that names it; none for a default place
}

// setting is what the user chose an engine with.
type setting struct {
	name  string       // DOCKER_HOST; `the Docker context "vps"`
	from  string       // what chooses a context
	leave finding.Hint // how to do without it
}

// chosenBy is the sentence that says where a context is chosen; "" for DOCKER_HOST.
func (s setting) chosenBy() string {
	if s.from == "" {
		return ""
	}
	return "\n\n" + s.from + " selects this Docker."
}

func unset(what string, variables ...string) finding.Hint {
	return finding.Shell(what, "unset "+strings.Join(variables, " "))
}

const ownDocker = "Use the Docker of this machine"

var byHost = setting{name: client.EnvOverrideHost, leave: unset(ownDocker, client.EnvOverrideHost)}

// findPlaces lists where the engine may be, the first that answers wins.
// There is more than one only when nothing was configured.
func findPlaces(getenv func(string) string, dir string, file *configfile.ConfigFile) ([]place, error) {
	if host := getenv(client.EnvOverrideHost); host != "" {
		p, err := placeOfHost(getenv, dir, host)
		return []place{p}, err
	}
	name, by := getenv(contextVariable), setting{from: contextVariable, leave: unset(ownDocker, contextVariable)}
	if name == "" {
		name, by = file.CurrentContext, setting{from: file.Filename, leave: finding.Shell(ownDocker, "docker context use default")}
	}
	if name != "" && name != "default" {
		by.name = fmt.Sprintf("the Docker context %q", name)
		p, err := placeOfContext(dir, name, by)
		return []place{p}, err
	}
	hosts := []string{client.DefaultDockerHost}
	if runtime := getenv("XDG_RUNTIME_DIR"); runtime != "" && os.Geteuid() != 0 {
		if path := filepath.Join(runtime, "docker.sock"); isSocket(path) {
			hosts = append(hosts, "unix://"+path)
		}
	}
	var out []place
	for _, host := range hosts {
		out = append(out, place{Endpoint: docker.Endpoint{EndpointMeta: docker.EndpointMeta{Host: host}}})
	}
	return out, nil
}

// placeOfHost is DOCKER_HOST, with the TLS files of DOCKER_CERT_PATH when
// DOCKER_TLS_VERIFY or DOCKER_CERT_PATH is set.
func placeOfHost(getenv func(string) string, dir, host string) (place, error) {
	p := place{docker.Endpoint{EndpointMeta: docker.EndpointMeta{Host: host}}, byHost}
	if !isAddress(host) {
		return p, p.noAddress()
	}
	certs, verify := getenv(certsVariable), getenv(verifyVariable) != ""
	if !strings.HasPrefix(host, "tcp://") || certs == "" && !verify {
		return p, nil
	}
	by := certsVariable
	if certs == "" {
		certs, by = dir, verifyVariable
	}
	tls, err := clicontext.TLSDataFromFiles(
		filepath.Join(certs, "ca.pem"), filepath.Join(certs, "cert.pem"), filepath.Join(certs, "key.pem"))
	if err != nil {
		return p, refusal([]error{ErrTLS, err}, []finding.Hint{
			{Do: "Put ca.pem, cert.pem and key.pem into " + certs},
			unset("Connect without TLS, if that Docker has none", verifyVariable, certsVariable), byHost.leave,
		}, "the TLS files for Docker at %s cannot be read (%v)\n\n%s asks for TLS with the files in %s.", shown(host), err, by, certs)
	}
	p.TLSData, p.SkipTLSVerify = tls, !verify
	return p, nil
}

func placeOfContext(dir, name string, by setting) (place, error) {
	contexts := store.New(filepath.Join(dir, "contexts"), store.NewConfig(
		func() any { return &map[string]any{} },
		store.EndpointTypeGetter(docker.DockerEndpoint, func() any { return &docker.EndpointMeta{} }),
	))
	list := finding.Shell("Choose a context that exists", "docker context ls")
	metadata, err := contexts.GetMetadata(name)
	if errdefs.IsNotFound(err) {
		return place{}, refusal([]error{ErrContext, err}, []finding.Hint{list, by.leave}, "%s does not exist%s", by.name, by.chosenBy())
	}
	damaged := func(err error) error {
		return refusal([]error{ErrContext, err}, []finding.Hint{list, {Do: "Create the context again"}, by.leave},
			"cannot read %s%s\n\nDocker's files for it are damaged: %v", by.name, by.chosenBy(), err)
	}
	if err != nil {
		return place{}, damaged(err)
	}
	meta, err := docker.EndpointFromContext(metadata)
	if err != nil {
		return place{}, damaged(err)
	}
	meta.Host = cmp.Or(meta.Host, client.DefaultDockerHost)
	p := place{docker.Endpoint{EndpointMeta: meta}, by}
	if !isAddress(meta.Host) {
		return p, p.noAddress()
	}
	if p.Endpoint, err = docker.WithTLSData(contexts, name, meta); err != nil {
		return p, damaged(err)
	}
	return p, nil
}

// schemes are those that an address of Docker may have.
var schemes = []string{"unix", "tcp", "http", "https", "ssh"}

func isAddress(host string) bool {
	scheme, rest, ok := strings.Cut(host, "://")
	if !ok || !slices.Contains(schemes, scheme) || rest == "" {
		return false
	}
	if scheme == "unix" {
		return filepath.IsAbs(rest)
	}
	u, err := url.Parse(host)
	return err == nil && u.Hostname() != ""
}

// shown is an address without its password.
func shown(host string) string {
	if u, err := url.Parse(host); err == nil && u.User != nil {
		return u.Redacted()
	}
	return host
}

func (p place) noAddress() error {
	hint := finding.Hint{Do: "Create the context again"}
	text := fmt.Sprintf("%s has no address of a Docker, but %q%s", p.name, shown(p.Host), p.chosenBy())
	if p.from == "" {
		hint = finding.Shell("Set an address, for example one of these", "export DOCKER_HOST="+client.DefaultDockerHost,
			"export DOCKER_HOST=ssh://user@host", "export DOCKER_HOST=tcp://host:2376")
		text = fmt.Sprintf("%s=%s is not an address of Docker", p.name, shown(p.Host))
	}
	return refusal([]error{ErrAddress}, []finding.Hint{hint, p.leave}, "%s", text)
}

// unusable is the error for an address, or its TLS files, that the client does
// not take.
func (p place) unusable(err error) error {
	if p.name == "" || strings.HasPrefix(p.Host, "ssh://") || p.TLSData == nil {
		return refusal([]error{ErrAddress, err}, p.ways(), "the address %s of Docker cannot be used (%v)%s", shown(p.Host), err, p.chosenBy())
	}
	return refusal([]error{ErrTLS, err}, p.ways(finding.Hint{Do: "Replace ca.pem, cert.pem and key.pem with the files of that Docker"}),
		"the TLS files for Docker at %s cannot be used (%v)\n\nThe address is that of %s.", shown(p.Host), err, p.name)
}

// ways are what to do, and how to do without the setting.
func (p place) ways(first ...finding.Hint) []finding.Hint {
	if p.leave.Do == "" {
		return first
	}
	return append(first, p.leave)
}

// isSocket reports whether the engine is reached by a file of this machine.
func (p place) isSocket() bool { return strings.HasPrefix(p.Host, "unix://") }

// unanswered says what to do when nothing answers. Only where no setting named the
// engine is Docker to be installed.
func (p place) unanswered(err error) error {
	host, by := shown(p.Host), cmp.Or(p.from, p.name)
	path, local := strings.CutPrefix(p.Host, "unix://")
	start := finding.Hint{Do: "Start the Docker that uses this socket, then run the same command again"}
	if strings.Contains(path, "podman") {
		start = finding.Shell("Start Podman, and see why it does not run", "sudo systemctl enable --now podman.socket", "sudo podman info")
	}
	switch {
	case local && p.Host == client.DefaultDockerHost, p.name == "":
		return absent(p.Host, err)
	case local && isSocket(path):
		return refusal([]error{ErrUnanswered, err}, p.ways(start),
			"no Docker answers at %s\n\n"+
				"The address is from %s. The socket exists, but nothing listens on it.", host, by)
	case local:
		return refusal([]error{ErrUnanswered, err}, p.ways(finding.Hint{Do: "Correct the address"}, start),
			"there is no Docker at %s\n\n"+
				"The address is from %s. That socket does not exist.", host, by)
	case strings.HasPrefix(p.Host, "ssh://"):
		return refusal([]error{ErrSSH, err}, p.ways(finding.Shell("Test the connection", "ssh "+sshTarget(p.Host)+" docker version")),
			"Docker cannot be reached over %s (%s)\n\nThe address is from %s.", host, sshReason(err), by)
	case isAboutTLS(err):
		ways := []finding.Hint{{Do: "Use the TLS files of that Docker: set " + verifyVariable + "=1, and " + certsVariable + " to their directory"}}
		if p.from != "" {
			ways = []finding.Hint{{Do: "Create the context again, with the TLS files of that Docker"}}
		}
		return refusal([]error{ErrTLS, err}, p.ways(ways...), "Docker at %s refuses the connection (%s)\n\nThe address is from %s.", host, reason(err), by)
	}
	return refusal([]error{ErrUnanswered, err}, p.ways(finding.Hint{Do: "Check that Docker runs there and listens on this port, and that no firewall blocks it"}),
		"no Docker answers at %s (%s)\n\nThe address is from %s.", host, reason(err), by)
}

// absent says what to do where no Docker is in a default place.
func absent(host string, err error) error {
	start := finding.Shell("Start it", "sudo systemctl start docker")
	if isSocket(strings.TrimPrefix(host, "unix://")) {
		return refusal([]error{ErrAbsent, err}, []finding.Hint{start}, "Docker is installed, but it does not run (nothing answers at %s)", host)
	}
	start.Do = "Start it, if it is installed"
	return refusal([]error{ErrAbsent, err}, []finding.Hint{finding.Anywhere("Install and start Docker", "docker"), start}, "there is no Docker here (nothing answers at %s)", host)
}

func isSocket(path string) bool {
	stat, err := os.Stat(path)
	return err == nil && stat.Mode()&fs.ModeSocket != 0
}

var tlsTrouble = regexp.MustCompile(`x509:|tls:|HTTP response to HTTPS client|HTTP request to an HTTPS server|TLS-enabled daemon`)

func isAboutTLS(err error) bool { return tlsTrouble.MatchString(err.Error()) }

// known are reasons that the client tells in many words.
var known = []struct{ has, says string }{
	{"HTTP request to an HTTPS server", "it needs TLS"},
	{"TLS-enabled daemon", "it needs TLS"},
	{"HTTP response to HTTPS client", "it has no TLS"},
	{"unknown authority", "its certificate is from an unknown certificate authority"},
	{"certificate required", "it needs a certificate from you"},
	{"bad certificate", "it does not accept your certificate"},
	{"no such host", "the name does not exist"},
	{"connection refused", "connection refused"},
	{"Is the docker daemon running", "nothing listens there"},
	{"deadline exceeded", "no answer in time"},
}

func reason(err error) string {
	text := err.Error()
	for _, k := range known {
		if strings.Contains(text, k.has) {
			return k.says
		}
	}
	return firstLine(text)
}

// sshReason is what ssh said.
func sshReason(err error) string {
	text := err.Error()
	if strings.Contains(text, `exec: "ssh"`) {
		return "the program ssh is not installed"
	}
	if _, said, ok := strings.Cut(text, "stderr="); ok && strings.TrimSpace(said) != "" {
		return lastLine(said)
	}
	return reason(err)
}

// sshTarget is an address of ssh's as its command line takes it.
func sshTarget(host string) string {
	u, err := url.Parse(host)
	if err != nil {
		return ""
	}
	target := u.Hostname()
	if name := u.User.Username(); name != "" {
		target = name + "@" + target
	}
	if port := u.Port(); port != "" {
		target = "-p " + port + " " + target
	}
	return target
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	return strings.TrimSpace(line)
}

func lastLine(text string) string {
	text = strings.TrimSpace(text)
	return strings.TrimSpace(text[strings.LastIndex(text, "\n")+1:])
}

// apiVersion is what DOCKER_API_VERSION may be.
var apiVersion = regexp.MustCompile(`^v?\d{1,3}\.\d{1,4}$`)

// askedVersion is the API that the user asks for; "" leaves it open.
func askedVersion(getenv func(string) string) (string, error) {
	version := getenv(client.EnvOverrideAPIVersion)
	if version != "" && !apiVersion.MatchString(version) {
		return "", wrongVersion(nil, "%s=%q is not a version of Docker's API, such as 1.45", client.EnvOverrideAPIVersion, version)
	}
	return strings.TrimPrefix(version, "v"), nil
}

// wrongVersion is the error for a DOCKER_API_VERSION that cannot be used.
func wrongVersion(err error, format string, args ...any) error {
	causes := []error{ErrAPIVersion}
	if err != nil {
		causes = append(causes, err)
	}
	return refusal(causes, []finding.Hint{unset("Let openalgo-install choose the version", client.EnvOverrideAPIVersion)}, format, args...)
}

// refusal is an error about where Docker is, with what to do about it. The first
// cause has its name.
func refusal(causes []error, hints []finding.Hint, format string, args ...any) error {
	e := &finding.Error{Kind: finding.HostNotReady, ID: finding.IDOf(causes[0]), Err: fail(causes, format, args...)}
	return e.With(hints...).Ending(finding.Unchanged)
}

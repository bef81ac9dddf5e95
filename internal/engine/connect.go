// Package engine speaks with a Docker engine: containers, images, networks,
// volumes. It knows nothing about what runs in them. docker/docker and docker/cli
// stay inside; the API's types for a container are in engine/spec, by its names.
package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/docker/cli/cli/config"
	"github.com/docker/cli/cli/config/configfile"
	clicontext "github.com/docker/cli/cli/context"
	"github.com/docker/cli/cli/context/docker"
	"github.com/docker/cli/cli/context/store"
	"github.com/docker/docker/client"

	"github.com/marketcalls/openalgo-install/internal/wait"
)

// Options say how to find the engine; the zero value is right for a program.
type Options struct {
	Getenv func(string) string // os.Getenv when nil
	// PullDelays are the waits before a pull that the network broke is tried
	// again; nil means 1 s, 4 s and 10 s.
	PullDelays []time.Duration
	// Patience is the longest that an answer or a change may take; 0 is a
	// default that suits a busy machine.
	Patience time.Duration
}

// Engine is a connection to one Docker engine. It is safe for use by several
// goroutines. What it can do stands with its parts, one for each subject.
type Engine struct {
	*connection
	containers
	freezer
	images
	builds
	networks
	volumes
	files
	execs
	streams
	overviews
}

// Each part of an engine speaks over the same connection.
type (
	containers struct{ *connection }
	freezer    struct{ *connection }
	images     struct{ *connection }
	builds     struct{ images } // a build pulls its bases
	networks   struct{ *connection }
	volumes    struct{ *connection }
	files      struct{ *connection }
	execs      struct{ *connection }
	streams    struct{ *connection }
	overviews  struct{ *connection }
)

type connection struct {
	api        *client.Client
	info       Info
	config     *configfile.ConfigFile
	pullDelays []time.Duration
	patience   time.Duration
}

// connectTimeout bounds how long one endpoint may take to answer; ssh needs
// the most.
const connectTimeout = 30 * time.Second

// Connect finds the engine as the docker command does: DOCKER_HOST, else
// DOCKER_CONTEXT, else the current context of docker's config, else the
// default socket, and for a plain user the socket of a rootless engine. It
// negotiates the API version (DOCKER_API_VERSION is honoured) and reads Info.
// Its errors are ErrAbsent, ErrPermission and ErrTooOld, or say which setting
// is wrong.
func Connect(ctx context.Context, o Options) (*Engine, error) {
	if o.Getenv == nil {
		o.Getenv = os.Getenv
	}
	if o.PullDelays == nil {
		o.PullDelays = []time.Duration{time.Second, 4 * time.Second, 10 * time.Second}
	}
	dir := configDir(o.Getenv)
	file, err := config.Load(dir)
	var warnings []string
	if err != nil {
		// The docker command goes on without it, too.
		file = configfile.New(filepath.Join(dir, config.ConfigFileName))
		warnings = append(warnings, fmt.Sprintf("docker's config in %s cannot be read and is left out: %v", dir, err))
	}
	endpoints, err := findEndpoints(o.Getenv, dir, file)
	if err != nil {
		return nil, err
	}
	var errs []error
	for _, endpoint := range endpoints {
		c := &connection{config: file, pullDelays: o.PullDelays, patience: cmp.Or(o.Patience, changeTime)}
		c.info.Endpoint, c.info.Warnings = endpoint.Host, warnings
		err := c.dial(ctx, endpoint, o.Getenv(client.EnvOverrideAPIVersion), file.HTTPHeaders)
		if err == nil {
			return over(c), nil
		}
		errs = append(errs, err)
	}
	return nil, errs[0]
}

// over returns the engine at the other end of a connection.
func over(c *connection) *Engine {
	return &Engine{
		connection: c, containers: containers{c}, freezer: freezer{c}, images: images{c}, builds: builds{images{c}},
		networks: networks{c}, volumes: volumes{c}, files: files{c}, execs: execs{c}, streams: streams{c}, overviews: overviews{c},
	}
}

// Close ends the connection.
func (e *connection) Close() error { return e.api.Close() }

// Ping asks whether the engine answers.
func (e *connection) Ping(ctx context.Context) error {
	ctx, cancel := e.answer(ctx)
	defer cancel()
	_, err := e.api.Ping(ctx)
	return e.explain(ctx, "reach the Docker engine", err)
}

// waitLimit ends WaitReady where its context has no end.
const waitLimit = 10 * time.Minute

// WaitReady returns when the engine answers, which may be at once, or with
// the last reason and ctx's error when ctx ends.
func (e *connection) WaitReady(ctx context.Context) error {
	err := wait.Until(ctx, waitLimit, 250*time.Millisecond, func(ctx context.Context) (bool, error) {
		try, cancel := context.WithTimeout(ctx, 5*time.Second)
		defer cancel()
		return e.Ping(try) == nil, nil
	})
	if err != nil {
		return fail([]error{ErrUnreachable, err},
			"Docker at %s did not come back. Look for the cause in its log (sudo journalctl -u docker), then run the same command again", e.info.Endpoint)
	}
	return nil
}

func (e *connection) dial(ctx context.Context, endpoint docker.Endpoint, apiVersion string, headers map[string]string) error {
	opts, err := endpoint.ClientOpts()
	if err != nil {
		return fmt.Errorf("the Docker engine's address %s is not usable: %w", endpoint.Host, err)
	}
	opts = append(opts, client.WithVersion(apiVersion), client.WithHTTPHeaders(headers))
	if e.api, err = client.NewClientWithOpts(opts...); err != nil {
		return fmt.Errorf("the Docker engine's address %s is not usable: %w", endpoint.Host, err)
	}
	try, cancel := context.WithTimeout(ctx, min(connectTimeout, e.patience))
	defer cancel()
	ping, err := e.api.Ping(try)
	switch {
	case ctx.Err() != nil:
		err = fmt.Errorf("connect to the Docker engine: %w", ctx.Err())
	case refused(err):
		err = e.permission(err)
	case errors.Is(err, context.DeadlineExceeded):
		err = e.silent("connect to Docker", err)
	case err != nil:
		err = absent(endpoint.Host, err)
	default:
		e.api.NegotiateAPIVersionPing(ping)
		err = e.readInfo(ctx)
	}
	if err != nil {
		e.api.Close()
	}
	return err
}

// absent says what to do when nothing answers at host.
func absent(host string, err error) error {
	path, local := strings.CutPrefix(host, "unix://")
	switch {
	case !local:
		return fail([]error{ErrAbsent, err},
			"no Docker engine answers at %s (%s); check DOCKER_HOST, or docker context ls", host, daemonText(err))
	case isSocket(path):
		return fail([]error{ErrAbsent, err},
			"Docker is installed, but its engine does not run (nothing answers at %s); start it: sudo systemctl start docker", host)
	}
	return fail([]error{ErrAbsent, err},
		"no Docker engine here (nothing at %s); install it with sudo openalgo-install docker, "+
			"or if it is installed start it: sudo systemctl start docker", host)
}

func isSocket(path string) bool {
	stat, err := os.Stat(path)
	return err == nil && stat.Mode()&fs.ModeSocket != 0
}

func configDir(getenv func(string) string) string {
	if dir := getenv(config.EnvOverrideConfigDir); dir != "" {
		return dir
	}
	home := getenv("HOME")
	if home == "" {
		home, _ = os.UserHomeDir()
	}
	return filepath.Join(home, ".docker")
}

// findEndpoints lists where the engine may be, the first that answers wins.
// There is more than one only when nothing was configured.
func findEndpoints(getenv func(string) string, dir string, file *configfile.ConfigFile) ([]docker.Endpoint, error) {
	if host := getenv(client.EnvOverrideHost); host != "" {
		endpoint, err := hostEndpoint(getenv, dir, host)
		return []docker.Endpoint{endpoint}, err
	}
	name, source := getenv("DOCKER_CONTEXT"), "DOCKER_CONTEXT"
	if name == "" {
		name, source = file.CurrentContext, file.Filename
	}
	if name != "" && name != "default" {
		endpoint, err := contextEndpoint(dir, name)
		if err != nil {
			return nil, fmt.Errorf("docker context %q (from %s): %w; docker context ls shows those that exist", name, source, err)
		}
		return []docker.Endpoint{endpoint}, nil
	}
	hosts := []string{client.DefaultDockerHost}
	if runtime := getenv("XDG_RUNTIME_DIR"); runtime != "" && os.Geteuid() != 0 {
		if path := filepath.Join(runtime, "docker.sock"); isSocket(path) {
			hosts = append(hosts, "unix://"+path)
		}
	}
	var out []docker.Endpoint
	for _, host := range hosts {
		out = append(out, docker.Endpoint{EndpointMeta: docker.EndpointMeta{Host: host}})
	}
	return out, nil
}

// hostEndpoint is DOCKER_HOST, with the TLS files of DOCKER_CERT_PATH when
// DOCKER_TLS_VERIFY or DOCKER_CERT_PATH is set.
func hostEndpoint(getenv func(string) string, dir, host string) (docker.Endpoint, error) {
	endpoint := docker.Endpoint{EndpointMeta: docker.EndpointMeta{Host: host}}
	if !strings.HasPrefix(host, "ssh://") {
		if _, err := client.ParseHostURL(host); err != nil {
			return endpoint, fmt.Errorf("DOCKER_HOST=%s is not an address like unix:///var/run/docker.sock, ssh://user@host or tcp://host:2376", host)
		}
	}
	certs, verify := getenv(client.EnvOverrideCertPath), getenv(client.EnvTLSVerify) != ""
	if !strings.HasPrefix(host, "tcp://") || certs == "" && !verify {
		return endpoint, nil
	}
	if certs == "" {
		certs = dir
	}
	tls, err := clicontext.TLSDataFromFiles(
		filepath.Join(certs, "ca.pem"), filepath.Join(certs, "cert.pem"), filepath.Join(certs, "key.pem"))
	if err != nil {
		return endpoint, fmt.Errorf("the TLS files for DOCKER_HOST=%s in %s: %w", host, certs, err)
	}
	endpoint.TLSData, endpoint.SkipTLSVerify = tls, !verify
	return endpoint, nil
}

func contextEndpoint(dir, name string) (docker.Endpoint, error) {
	contexts := store.New(filepath.Join(dir, "contexts"), store.NewConfig(
		func() any { return &map[string]any{} },
		store.EndpointTypeGetter(docker.DockerEndpoint, func() any { return &docker.EndpointMeta{} }),
	))
	metadata, err := contexts.GetMetadata(name)
	if err != nil {
		return docker.Endpoint{}, err
	}
	meta, err := docker.EndpointFromContext(metadata)
	if err != nil {
		return docker.Endpoint{}, err
	}
	return docker.WithTLSData(contexts, name, meta)
}

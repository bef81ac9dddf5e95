// Package engine speaks with a Docker engine: containers, images, networks,
// volumes. It knows nothing about what runs in them. docker/docker and docker/cli
// stay inside; the API's types for a container are in engine/spec, by its names.
package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/docker/cli/cli/config"
	"github.com/docker/cli/cli/config/configfile"
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
	imageFiles
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
	imageFiles struct{ *connection }
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
	// askedVersion is DOCKER_API_VERSION; "" leaves it to the two.
	askedVersion string
}

// connectTimeout bounds how long one endpoint may take to answer; ssh needs
// the most.
const connectTimeout = 30 * time.Second

// Connect finds the engine as the docker command does: DOCKER_HOST, else
// DOCKER_CONTEXT, else the current context of docker's config, else the
// default socket, and for a plain user the socket of a rootless engine. It
// negotiates the API version (DOCKER_API_VERSION is honoured) and reads Info.
// Its errors are ErrAbsent where nothing says where Docker is, ErrPermission,
// ErrTooOld and ErrTooNew, or name the setting that is wrong.
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
		warnings = append(warnings, fmt.Sprintf("cannot read Docker's config in %s, so it is not used: %v", dir, err))
	}
	apiVersion, err := askedVersion(o.Getenv)
	if err != nil {
		return nil, err
	}
	places, err := findPlaces(o.Getenv, dir, file)
	if err != nil {
		return nil, err
	}
	var errs []error
	for _, p := range places {
		c := &connection{config: file, pullDelays: o.PullDelays, patience: cmp.Or(o.Patience, changeTime), askedVersion: apiVersion}
		c.info.Endpoint, c.info.Warnings = p.Host, warnings
		c.info.Proxies, c.info.ProxiesLackLoopback = proxiesOf(file, p.Host), proxiesLackLoopback(file, p.Host)
		err := c.dial(ctx, p, file.HTTPHeaders)
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
		connection: c, containers: containers{c}, freezer: freezer{c}, images: images{c}, imageFiles: imageFiles{c}, builds: builds{images{c}},
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
	return e.explain(ctx, "reach Docker", err)
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
			"Docker at %s stopped answering. Look for the cause in its log (sudo journalctl -u docker), then run the same command again", e.info.Endpoint)
	}
	return nil
}

func (e *connection) dial(ctx context.Context, p place, headers map[string]string) error {
	opts, err := p.ClientOpts()
	if err != nil {
		return p.unusable(err)
	}
	opts = append(opts, client.WithVersion(e.askedVersion), client.WithHTTPHeaders(headers))
	if e.api, err = client.NewClientWithOpts(opts...); err != nil {
		return p.unusable(err)
	}
	most := min(connectTimeout, e.patience)
	try, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	defer e.tellSlow(ctx, most)()
	ping, err := e.api.Ping(try)
	switch {
	case ctx.Err() != nil:
		err = fmt.Errorf("connect to Docker: %w", ctx.Err())
	case refused(err):
		err = e.permission(err)
	case err != nil && errors.Is(try.Err(), context.DeadlineExceeded) && p.isSocket():
		err = e.silent("connect to Docker", err)
	case err != nil:
		err = p.unanswered(err)
	default:
		e.api.NegotiateAPIVersionPing(ping)
		err = e.readInfo(ctx)
	}
	if err != nil {
		e.api.Close()
	}
	return err
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

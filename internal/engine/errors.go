package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"regexp"
	"strconv"
	"strings"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/client"

	"github.com/marketcalls/openalgo-install/internal/finding"
)

// What a caller decides on. Every error of this package that has one of these
// causes answers to errors.Is.
var (
	// ErrAbsent: nothing listens where an engine is by default.
	ErrAbsent = finding.Cause("engine-absent", "no engine there")
	// ErrUnanswered: nothing listens where DOCKER_HOST or a context says that an
	// engine is.
	ErrUnanswered = finding.Cause("engine-unanswered", "no answer from the engine that was named")
	// ErrSSH: the engine that was named cannot be reached over ssh.
	ErrSSH = finding.Cause("engine-ssh", "no engine over ssh")
	// ErrContext: the Docker context does not exist, or cannot be read.
	ErrContext = finding.Cause("engine-context", "no such context")
	// ErrAddress: DOCKER_HOST or a context has no address of an engine.
	ErrAddress = finding.Cause("engine-address", "no address")
	// ErrTLS: TLS files are missing or wrong, or the engine wants others.
	ErrTLS = finding.Cause("engine-tls", "TLS files wrong")
	// ErrIncomplete: programs are missing that the engine runs.
	ErrIncomplete = finding.Cause("engine-incomplete", "engine incomplete")
	// ErrAPIVersion: DOCKER_API_VERSION cannot be used.
	ErrAPIVersion = finding.Cause("engine-api-version", "API version wrong")
	// ErrTooNew: the engine no longer speaks the API of this program.
	ErrTooNew = finding.Cause("engine-new", "engine too new")
	// ErrPermission: the engine is there and this user may not talk to it.
	ErrPermission = finding.Cause("engine-permission", "no permission")
	// ErrTooOld: the engine is older than Docker 20.10 (API 1.41).
	ErrTooOld = finding.Cause("engine-old", "engine too old")
	// ErrUnreachable: the engine answered before and does not now.
	ErrUnreachable = finding.Cause("engine-unreachable", "engine unreachable")

	// ErrNotFound: no such container, network, volume or file.
	ErrNotFound = errors.New("not found")
	// ErrImageNotFound is an ErrNotFound too.
	ErrImageNotFound = finding.Cause("image-missing", "image not found", ErrNotFound)
	// ErrConflict: the name is taken, or the thing is in use, or not in a state for this.
	ErrConflict = errors.New("conflict")
	// ErrNotPaused: the container is not frozen.
	ErrNotPaused = errors.New("not frozen")
	// ErrPortTaken: a port to be published belongs to someone else.
	ErrPortTaken = finding.Cause("port-taken", "port taken")
	// ErrNoAddresses: no address range is left for a network.
	ErrNoAddresses = finding.Cause("address-pools-full", "no addresses left")
	// ErrNoSpace: Docker's disk is full.
	ErrNoSpace = finding.Cause("disk-full", "no space")

	// ErrLoginNeeded: the registry wants a login, or refuses the one it got.
	ErrLoginNeeded = finding.Cause("login-needed", "login needed")
	// ErrRateLimited: the registry allows no more pulls for now.
	ErrRateLimited = finding.Cause("rate-limited", "rate limited")
	// ErrRegistry: the registry could not be reached, after several tries.
	ErrRegistry = finding.Cause("registry-unreachable", "registry unreachable")
	// ErrNotAsked: the engine cannot ask a registry.
	ErrNotAsked = finding.Cause("registry-unasked", "registry not asked")
	// ErrWrongPlatform: the image is not for this engine's architecture.
	ErrWrongPlatform = finding.Cause("image-platform", "wrong platform")
)

// failure is an error in words for people that still answers to errors.Is.
type failure struct {
	text   string
	causes []error
}

func (f *failure) Error() string   { return f.text }
func (f *failure) Unwrap() []error { return f.causes }

// fail makes a failure; the format's arguments are for its text only.
func fail(causes []error, format string, args ...any) error {
	return &failure{text: fmt.Sprintf(format, args...), causes: causes}
}

// daemonText is what the engine said, without the client's prefix.
func daemonText(err error) string {
	return strings.TrimPrefix(err.Error(), "Error response from daemon: ")
}

// explain turns an error of an API call into one of this package's. doing
// says what was tried: "start container openalgo-web".
func (e *connection) explain(ctx context.Context, doing string, err error) error {
	if err == nil {
		return nil
	}
	if isSilent(ctx) {
		return e.silent(doing, err)
	}
	if ctx.Err() != nil {
		return fmt.Errorf("%s: %w", doing, ctx.Err())
	}
	text := daemonText(err)
	switch {
	case refused(err):
		return e.permission(err)
	case lostConnection(err):
		return fail([]error{ErrUnreachable, err},
			"%s: lost the connection to Docker at %s. Check that Docker runs (docker info), then run the same command again",
			doing, e.info.Endpoint)
	case strings.Contains(text, "no space left on device"):
		return fail([]error{ErrNoSpace, err},
			"%s: Docker's disk is full (%s). Free some space (docker system df shows what uses it), then run the same command again",
			doing, e.info.RootDir)
	case portTaken.MatchString(text):
		return fail([]error{ErrPortTaken, err},
			"%s: another program uses %s. Stop that program or choose another port", doing, portOf(text))
	case strings.Contains(text, "non-overlapping IPv4 address pool"), strings.Contains(text, "address pools have been fully subnetted"):
		return fail([]error{ErrNoAddresses, err},
			"%s: Docker has no free address range for a network. Remove networks that no container uses (docker network prune), or "+
				"add ranges (default-address-pools in /etc/docker/daemon.json)", doing)
	case lacks.MatchString(text):
		e := &finding.Error{Kind: finding.HostNotReady, ID: finding.IDOf(ErrIncomplete),
			Err: fail([]error{ErrIncomplete, err}, "Podman lacks a program that it needs\n\nIt says: %s", text)}
		return e.With(finding.Shell("Install what Podman needs", "sudo apt-get install netavark aardvark-dns catatonit"))
	case strings.Contains(text, "No such image"):
		return fail([]error{ErrImageNotFound, err}, "%s: Docker does not have the image. Pull the image first", doing)
	case isGone(err):
		return fail([]error{ErrNotFound, err}, "%s: %s", doing, text)
	case errdefs.IsConflict(err), strings.Contains(text, "has active endpoints"), strings.Contains(text, "is not running"):
		return fail([]error{ErrConflict, err}, "%s: %s", doing, text)
	}
	return fail([]error{err}, "%s: %s", doing, text)
}

// refused reports whether the socket itself may not be opened.
func refused(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial" && errors.Is(err, fs.ErrPermission)
}

// lostConnection reports whether the engine went away, as opposed to having
// answered with an error.
func lostConnection(err error) bool {
	var op *net.OpError
	return client.IsErrConnectionFailed(err) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, io.EOF) || errors.As(err, &op)
}

// isGone reports whether what was asked about is not there. Podman answers with a
// failure of its own about a container that is removed meanwhile.
func isGone(err error) bool {
	return errdefs.IsNotFound(err) || err != nil && strings.Contains(err.Error(), "no such container")
}

// lacks is what Podman says of programs that its package only recommends: one for
// networks, one for their names, one for init.
var lacks = regexp.MustCompile(`container-init binary not found|(netavark|aardvark-dns): failed to start process|could not find "?(netavark|aardvark-dns|catatonit)`)

var (
	portTaken = regexp.MustCompile(`port is already allocated|address already in use|[Pp]orts are not available|port is already in use`)
	// hostPort finds the address in "Bind for 127.0.0.1:5000 failed" and
	// "listen tcp4 127.0.0.1:5000: bind: address already in use".
	hostPort = regexp.MustCompile(`(?:Bind for|listen (?:tcp|udp)[46]?|exposing port (?:TCP|UDP)|failed to bind host port(?: for)?) ((?:\d+\.){3}\d+:\d+|\[[0-9a-f:]*\]:\d+|:::\d+|:\d+)`)
)

// taken finds the port in the text of an error for ErrPortTaken.
var taken = regexp.MustCompile(`port \S*:(\d+) is taken`)

// TakenPort is the port that a container could not get; 0 is not known.
func TakenPort(err error) int {
	m := taken.FindStringSubmatch(err.Error())
	if m == nil {
		return 0
	}
	port, _ := strconv.Atoi(m[1])
	return port
}

func portOf(text string) string {
	if m := hostPort.FindStringSubmatch(text); m != nil {
		return "port " + m[1]
	}
	return "a port (" + text + ")"
}

// permission explains how a user gets at the engine, and what that means.
func (e *connection) permission(err error) error {
	return fail([]error{ErrPermission, err},
		"this user may not use the Docker at %s. Begin the command with sudo. "+
			"Or join the docker group, whose members can do whatever root can on this machine: "+
			"sudo usermod -aG docker $USER, then log in again, since the group counts only for new sessions", e.info.Endpoint)
}

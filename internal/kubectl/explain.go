package kubectl

import (
	"errors"
	"slices"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/printable"
)

// What a caller decides by.
var (
	ErrNotFound = errors.New("it is not there")
	ErrExists   = errors.New("it exists already")
	ErrConflict = errors.New("another user or program changed it at the same time")
)

// sign is a text by which kubectl tells what went wrong.
type sign struct {
	text string
	as   func(k Kubectl, said string) error
}

// signs are tried in order: an answer of the server's before what hinders one.
var signs = []sign{
	{"(NotFound)", func(_ Kubectl, said string) error {
		return finding.Cause("cluster-object-missing", "the cluster has no such object: "+said, ErrNotFound)
	}},
	{"(AlreadyExists)", func(_ Kubectl, said string) error {
		return finding.Cause("cluster-object-exists", "the cluster has this object already: "+said, ErrExists)
	}},
	{"(Conflict)", func(_ Kubectl, said string) error {
		return finding.Cause("cluster-object-changed", "another user or program changed this object at the same time: "+said, ErrConflict)
	}},
	{"(Forbidden)", func(_ Kubectl, said string) error {
		return finding.Named(finding.HostNotReady, "cluster-forbidden", "the cluster does not allow this: %s", said).
			With(finding.Hint{Do: "Ask whoever runs the cluster for this right, or use another context with --context"})
	}},
	{"Unauthorized", login}, {"You must be logged in", login}, {"exec plugin", login}, {"getting credentials", login},
	{"no context exists", noContext}, {"context was not found", noContext}, {"does not exist", noContext},
	{"no configuration has been provided", notReached}, {"Unable to connect to the server", notReached}, {"was refused", notReached},
	{"dial tcp", notReached}, {"no such host", notReached}, {"i/o timeout", notReached}, {"TLS handshake", notReached},
	{"connection refused", notReached}, {"ServiceUnavailable", notReached}, {"couldn't get current server API group list", notReached},
}

func login(_ Kubectl, said string) error {
	return finding.Named(finding.HostNotReady, "cluster-login", "the cluster does not accept your login: %s", said).
		With(finding.Hint{Do: "Log in to the cluster as you do for kubectl"})
}

func noContext(k Kubectl, said string) error {
	if k.Context == "" || !strings.Contains(said, k.Context) {
		return nil
	}
	return finding.Named(finding.Usage, "cluster-context", "your kubeconfig has no context %q", k.Context).
		With(finding.Shell("List them", "kubectl config get-contexts"))
}

func notReached(k Kubectl, said string) error { return unreachable(k, said) }

func unreachable(k Kubectl, said string) error {
	which := "the cluster of your kubeconfig's current context"
	if k.Context != "" {
		which = "the cluster of the context " + k.Context
	}
	check := k
	check.Namespace = ""
	return finding.Named(finding.HostNotReady, "cluster-unreachable", "cannot reach %s: %s", which, said).
		With(finding.Shell("Check that kubectl reaches it", check.Command("cluster-info")))
}

// explain says what kubectl's words mean.
func explain(k Kubectl, verb, said string, err error) error {
	text := shortened(said)
	for _, s := range signs {
		if !strings.Contains(said, s.text) {
			continue
		}
		if e := s.as(k, text); e != nil {
			return e
		}
	}
	if text == "" {
		text = err.Error()
	}
	return finding.Named(finding.Failed, "kubectl-failed", "kubectl %s: %s", verb, text)
}

// most is how much of kubectl's words is shown.
const most = 600

// isLogLine reports a line of kubectl's own log, such as "E1127 02:36:19.1 1 memcache.go:265] ...".
func isLogLine(line string) bool {
	return len(line) > 6 && strings.ContainsRune("IWEF", rune(line[0])) && strings.Trim(line[1:5], "0123456789") == "" && line[5] == ' '
}

// shortened is the end of what kubectl said, in a line: what it says first are warnings.
// Its log repeats what it says in the end.
func shortened(said string) string {
	lines := slices.DeleteFunc(strings.Split(strings.TrimSpace(said), "\n"), isLogLine)
	text := strings.TrimSpace(strings.Join(lines, "\n"))
	if text == "" {
		text = strings.TrimSpace(said) // it said nothing else
	}
	if at := len(text) - most; at > 0 {
		text = "..." + text[at:]
	}
	return printable.Line(strings.ToValidUTF8(text, ""))
}

package image

import (
	"errors"
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/printable"
	"github.com/marketcalls/openalgo-install/internal/secret"
)

// What real tools print, and what the user reads.
func TestBuildReasons(t *testing.T) {
	redact := secret.NewRedactor(secret.New("canary-secret"))
	clean := func(line string) string { return redact.Redact(printable.Line(line)) }
	for line, says := range map[string]string{
		"npm error `npm ci` can only install packages when your package.json and package-lock.json or npm-shrinkwrap.json are in sync.": "lock file",
		"npm error Missing: is-number@7.0.0 from lock file":                                                                             "lock file",
		"error: The lockfile at `uv.lock` needs to be updated, but `--locked` was provided.":                                            "lock file",
		"FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory":                                             "out of memory",
		"The command '/bin/sh -c npm run build' returned a non-zero code: 137":                                                          "out of memory",
		"process \"/bin/sh -c npm run build\" did not complete successfully: exit code: 137":                                            "out of memory",
		"c++: fatal error: Killed signal terminated program cc1plus":                                                                    "out of memory",
		"OSError: [Errno 28] No space left on device":                                                                                   "the disk is full",
		"npm error code ENOSPC":                                                    "the disk is full",
		"Temporary failure resolving 'deb.debian.org'":                             "no network",
		"npm error code EAI_AGAIN":                                                 "no network",
		"  cause: failed to lookup address information: Name or service not known": "no network",
		"WARNING: Retrying: NewConnectionError: Failed to establish a new connection: [Errno 101] Network is unreachable": "no network",
		"  cause: invalid peer certificate: UnknownIssuer":                                                                "certificate",
		"src/main.ts(3,1): error TS2322: Type 'string' is not assignable to type 'number'.":                               "exit code 2",
	} {
		err := buildError("x:1", &engine.BuildError{Step: "[frontend 3/5] RUN npm ci", Text: "the step failed: exit code 2", Log: []string{"\x1b[91mbefore canary-secret", line}}, clean)
		failed := (*finding.Error)(nil)
		if !errors.As(err, &failed) || failed.Kind != finding.Failed {
			t.Fatalf("%v", err)
		}
		if !strings.Contains(failed.Err.Error(), says) || !strings.Contains(failed.Err.Error(), "npm ci") {
			t.Errorf("%s\ngives %v", line, failed.Err)
		}
		if text := (finding.Prompt{}).Text(err); !strings.Contains(text, "the step's last lines") || strings.Contains(text, "canary") || strings.Contains(text, "\x1b") {
			t.Errorf("%q", text)
		}
	}
}

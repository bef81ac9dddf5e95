package image

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/printable"
)

// buildReasons tell, by what a failed step printed, why it failed. The first
// that fits counts.
var buildReasons = []struct {
	sign *regexp.Regexp
	say  string
}{
	{regexp.MustCompile(`(?i)no space left on device|ENOSPC`),
		"the disk is full: make room where Docker keeps its images (docker system df shows what takes it; docker builder prune frees earlier builds)"},
	{regexp.MustCompile(`(?i)heap out of memory|cannot allocate memory|out of memory|MemoryError|\bENOMEM\b|signal: killed|\bKilled\b|exit code: 137|non-zero code: 137`),
		"out of memory: add swap or RAM, or pull the published image instead of building it"},
	{regexp.MustCompile(`(?i)npm ci.*can only install|package\.json and package-lock\.json .*not in sync|lock ?file.*(needs to be updated|out of date|not up.to.date)|Missing: .* from lock file`),
		"the lock file does not fit the list of dependencies: this checkout was not finished. Take another commit, or write the lock file again (npm install, uv lock)"},
	{regexp.MustCompile(`(?i)could not resolve|temporary failure (in name resolution|resolving)|EAI_AGAIN|ENOTFOUND|ETIMEDOUT|ECONNREFUSED|ECONNRESET|network is unreachable|failed to lookup address|dns error|connection timed out|no route to host|Failed to establish a new connection`),
		"no network in the build: check this machine's network and DNS. If it needs a proxy, name it in the answers (image: {build_args: {HTTPS_PROXY: http://proxy:3128}})"},
	{regexp.MustCompile(`(?i)certificate verify failed|UnknownIssuer|self.signed certificate|unable to get local issuer`),
		"the build does not trust a server's certificate, probably because a proxy replaces it. " +
			"Use base images that trust the proxy (image: {build_args: {PYTHON_IMAGE: ..., NODE_IMAGE: ...}})"},
}

// buildError says in words why a build failed, with what the step printed.
func buildError(ref string, err error, clean func(string) string) error {
	failed := (*engine.BuildError)(nil)
	if !errors.As(err, &failed) {
		if errors.Is(err, engine.ErrNoSpace) {
			return err
		}
		return finding.Named(finding.Failed, "build-failed", "building the image %s (nothing was changed): %w", ref, err)
	}
	var log []string
	for _, line := range failed.Log {
		log = append(log, clean(line))
	}
	reason, sign := buildReason(append(slices.Clone(log), failed.Text))
	if reason == "" {
		reason = clean(firstLine(failed.Text))
	}
	if tail := log[max(len(log)-shownBuildLog, 0):]; sign >= 0 && sign < len(log)-len(tail) {
		log = append([]string{log[sign], "..."}, tail...) // what gave it away came before the rest
	} else {
		log = tail
	}
	at := ""
	if failed.Step != "" {
		at = fmt.Sprintf(", at the step %q", printable.Line(firstLine(failed.Step)))
	}
	return &finding.Error{Kind: finding.Failed, ID: "build-failed", Log: log, LogOf: "the step's last lines",
		Err: fmt.Errorf("building the image failed%s (nothing was changed): %s", at, reason)}
}

// shownBuildLog is how many lines of a failed step are shown.
const shownBuildLog = 20

// buildReason finds the reason in what a step printed, and the line that gives
// it away.
func buildReason(lines []string) (say string, line int) {
	for _, r := range buildReasons {
		for i, text := range lines {
			if r.sign.MatchString(text) {
				return r.say, i
			}
		}
	}
	return "", -1
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	return line
}

package dockersetup

import (
	"slices"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/finding"
)

const apkRepositories = "/etc/apk/repositories"

// communitySteps let apk use Alpine's community repository, which has Docker: a
// fresh system names it in a comment, or not at all. text is that of
// /etc/apk/repositories.
func communitySteps(text string) ([]Step, error) {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	beside := ""
	for _, line := range lines {
		line = strings.TrimSpace(line)
		switch {
		case !strings.HasPrefix(line, "http"):
		case strings.HasSuffix(line, "/community"):
			return nil, nil
		case beside == "" && strings.HasSuffix(line, "/main"):
			beside = strings.TrimSuffix(line, "main") + "community"
		}
	}
	if beside == "" {
		return nil, finding.Named(finding.HostNotReady, "engine-by-hand", "Docker is in Alpine Linux's community repository, and %s has neither that nor the main repository", apkRepositories).
			With(finding.Shell("Enable the community repository, then run openalgo-install docker again", "setup-apkrepos -c"))
	}
	commented := slices.IndexFunc(lines, func(line string) bool { return strings.TrimLeft(line, "# \t") == beside })
	if commented >= 0 {
		lines[commented] = beside
	} else {
		lines = append(lines, beside)
	}
	return []Step{{Title: "Enable Alpine's community repository, which has Docker",
		File: &File{Path: apkRepositories, Mode: 0o644, Content: strings.Join(lines, "\n") + "\n"}}}, nil
}

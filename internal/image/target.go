package image

import (
	"strings"

	"github.com/distribution/reference"

	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/image/spec"
)

// Target is the image that `--to` names.
func Target(now, to string) (string, error) {
	named, err := reference.ParseNormalizedNamed(now)
	if err != nil {
		return "", finding.Named(finding.HostNotReady, "image-name", "cannot read the name of the installed image, %s: %w", now, err)
	}
	repository := spec.RepositoryOf(now)
	if to == "" {
		if _, fixed := named.(reference.Digested); fixed || IsOwnTag(now) {
			return "", finding.Named(finding.Usage, "image-pinned", "the image is pinned to %s. Choose a release with --to, for example --to 2.0.1.0", now)
		}
		return now, nil
	}
	full := repository + ":" + to
	switch {
	case strings.HasPrefix(to, "sha256:"):
		full = repository + "@" + to
	case IsWhole(to):
		full = to
	}
	if _, err := reference.ParseNormalizedNamed(full); err != nil {
		return "", finding.Named(finding.Usage, "image-name", "--to: %q is neither a tag, a digest nor an image, for example latest", to)
	}
	return full, nil
}

// IsWhole reports whether --to names an image by itself, not a tag or
// digest of the one that is installed.
func IsWhole(to string) bool {
	return strings.ContainsAny(to, "/:@") && !strings.HasPrefix(to, "sha256:")
}

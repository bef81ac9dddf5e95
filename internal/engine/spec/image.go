package spec

import (
	"slices"
	"strings"
	"time"

	"github.com/distribution/reference"
)

// Image is an image that the engine has.
type Image struct {
	ID       string
	Ref      string // as it was asked for, or its first tag
	Digest   string // sha256:... in the registry of Ref; empty for one that was never there
	Arch, OS string // as GOARCH and GOOS write them
	Size     int64  // bytes
	Created  time.Time
	Labels   map[string]string
	Env      []string
	User     string // as its Dockerfile has it; "" is root
	// Entrypoint and Cmd are what a container of it runs.
	Entrypoint, Cmd []string `json:"-"`

	Digests []string // repository@digest each
	Tags    []string // its names with tags; only in a list of all images
}

// Starts reports whether a container of the image runs a program and nothing else,
// as far as that is known. The test app has another, which stands for it.
func (i Image) Starts(program string) bool {
	return len(i.Entrypoint) == 0 && (len(i.Cmd) == 0 || slices.Equal(i.Cmd, []string{program}) || slices.Contains(i.Cmd, testCommand))
}

// testCommand is the argument by which the test app's image starts.
const testCommand = "rehearsal-serve"

// DigestIn is the digest that an image which was looked up by its ID has in the
// repository of a reference; "" when it was not pulled from there.
func (i Image) DigestIn(ref string) string { return RepoDigest(i.Digests, ref) }

// RepoDigest picks the digest that belongs to the repository of ref.
func RepoDigest(digests []string, ref string) string {
	named, err := reference.ParseNormalizedNamed(ref)
	if err != nil {
		return ""
	}
	for _, d := range digests {
		other, err := reference.ParseNormalizedNamed(d)
		if err == nil && other.Name() == named.Name() {
			_, digest, _ := strings.Cut(d, "@")
			return digest
		}
	}
	return ""
}

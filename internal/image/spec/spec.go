// Package spec has the data types of images: which one a plan needs, and what it is
// built from.
package spec

import "strings"

// TestRepository is the name of the test app's image without its tag.
const TestRepository = "openalgo-install/rehearsal"

// IsTest reports whether a reference is that of the test app's image.
func IsTest(ref string) bool { return strings.HasPrefix(ref, TestRepository) }

// Whose Dockerfile makes an image.
const (
	Ours   = "ours"   // openalgo-install's templates
	Theirs = "theirs" // the checkout's own
)

// Built is an image that is built from source, or loaded from a file.
type Built struct {
	Ref            string
	Key            string // of the source and how it is built, for a git source
	Dockerfile     string // Ours or Theirs
	Branch, Commit string
	From           string // for a person
	Missing        bool   // Docker does not have it: it is to be built
	Loaded         bool   // from a file: nothing is built
	// BuildsFrontend says that the web interface is compiled in the build, which
	// needs most of the memory.
	BuildsFrontend bool
	Sample         []byte // its base of .env, where it is to be built
}

// IsOurs reports whether this program's Dockerfile makes the image.
func (b *Built) IsOurs() bool { return b.Dockerfile == Ours }

// Origin says for a person where the image comes from.
func (b *Built) Origin() string {
	if b.Loaded {
		return "loaded from " + b.From
	}
	return "built from " + b.From
}

// Want is an image that a plan needs.
type Want struct {
	Ref     string
	Test    bool   // it is the test app's
	Built   *Built // it is to be built, unless that is what Docker has
	Project string // that it is built for
}

// IsBuilt reports whether the image is to be built here and now.
func (w Want) IsBuilt() bool { return w.isMade() && !w.Built.Loaded }

// IsLoaded reports whether the image is to be loaded from a file here and now.
func (w Want) IsLoaded() bool { return w.isMade() && w.Built.Loaded }

func (w Want) isMade() bool { return w.Built != nil && w.Built.Missing && w.Built.Ref == w.Ref }

// RepositoryOf is a reference without its tag and digest.
func RepositoryOf(ref string) string {
	repository, _, _ := strings.Cut(ref, "@")
	if i := strings.LastIndexByte(repository, ':'); i > strings.LastIndexByte(repository, '/') {
		repository = repository[:i]
	}
	return repository
}

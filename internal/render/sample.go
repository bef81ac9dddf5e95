package render

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/mod/semver"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/envfile"
	"github.com/marketcalls/openalgo-install/internal/keys"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/readfile"
	"github.com/marketcalls/openalgo-install/templates"
)

// sampleFor is the base of a new .env for the release that the answers name,
// since no engine is asked for the image's own: that of a checkout, else the
// built-in one, without FERNET_SALT where the release may not know it. A newer
// release makes one by itself, and one that an older release ignored makes its
// data unreadable after an upgrade. nil is the built-in one.
func sampleFor(a answers.Answers) []byte {
	if a.Image.Source == "path" {
		if sample, err := readfile.Regular(filepath.Join(a.Image.Path, filepath.Base(openalgo.Sample)), readfile.Config); err == nil {
			return sample
		}
	}
	if !mayKnowNoSalt(a.Image.Ref) {
		return nil
	}
	base, err := envfile.Parse(templates.Env())
	if err != nil {
		return nil
	}
	base.Unset(keys.FernetSalt)
	return base.Bytes()
}

// usesSalt reports whether the sample of the release that the answers name has
// FERNET_SALT. start.sh writes it only then.
func usesSalt(a answers.Answers) bool {
	sample := sampleFor(a)
	if sample == nil {
		return true
	}
	file, err := envfile.Parse(sample)
	return err == nil && slices.Contains(file.Keys(), keys.FernetSalt)
}

var releaseTag = regexp.MustCompile(`^v?(\d+\.\d+\.\d+)(?:\.(\d+))?$`)

// mayKnowNoSalt reports whether a tag of an image, or of the source, is of a
// release that may not know FERNET_SALT: 2.0.1.0 was built with it and without
// (docs/openalgo-facts.md 1.6). Other names are those of today.
func mayKnowNoSalt(ref string) bool {
	_, tag, _ := strings.Cut(ref[strings.LastIndexByte(ref, '/')+1:], ":")
	if tag == "" {
		tag = ref // a git tag
	}
	m := releaseTag.FindStringSubmatch(tag)
	if m == nil {
		return false
	}
	order := semver.Compare("v"+m[1], "v2.0.1")
	return order < 0 || order == 0 && (m[2] == "" || m[2] == "0")
}

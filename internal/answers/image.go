package answers

import (
	"net/url"
	"strings"

	"github.com/distribution/reference"

	"github.com/marketcalls/openalgo-install/internal/envfile"
)

// gitExample is a source, in words to a user.
const gitExample = "https://github.com/marketcalls/openalgo"

// Image says where OpenAlgo's image comes from.
type Image struct {
	Source     string // registry, git, path, file or rehearsal
	Ref        string // image reference, or git branch, tag or commit
	URL        string // git
	Path       string // path: a checkout; file: an archive of docker save
	Dockerfile string // git and path: ours or theirs
	// BuildArgs are the Dockerfile's, of git and path. No secrets: whoever has
	// the image can read them.
	BuildArgs map[string]string
}

func (i *Image) fields() []field {
	return []field{
		{name: "source", value: text(&i.Source, "registry")},
		{name: "ref", value: ref(&i.Ref).unless("")},
		{name: "url", value: text(&i.URL, gitExample).unless("")},
		{name: "path", value: text(&i.Path, "/src/openalgo").unless("")},
		{name: "dockerfile", value: text(&i.Dockerfile, "ours").unless("")},
		{name: "build_args", value: texts(i.BuildArgs, "{PYTHON_IMAGE: \"python:3.12-slim-trixie\"}")},
	}
}

func (i *Image) check(r *reader) {
	switch i.Source {
	case "registry":
		if i.Ref == "" {
			i.Ref = DefaultImage
		}
		if _, err := reference.ParseNormalizedNamed(i.Ref); err != nil {
			r.wrong("image.ref", "%s is not an image reference; write it like %s", quote(i.Ref), DefaultImage)
		}
	case "git":
		i.checkGit(r)
	case "path":
		if i.Path == "" {
			r.wrong("image.path", "image.source path needs the path of a checkout, for example /src/openalgo")
		}
	case "file":
		if i.Path == "" {
			r.wrong("image.path", "image.source file needs the path of an archive, for example /root/openalgo.tar.zst")
		}
	case "rehearsal":
	default:
		r.wrong("image.source", "%s is not a source; use registry, git, path, file or rehearsal", quote(i.Source))
		return
	}
	r.onlyFor("image.url", i.URL, i.Source == "git", "a git source")
	r.onlyFor("image.path", i.Path, i.Source == "path" || i.Source == "file", "a path or file source")
	r.onlyFor("image.ref", i.Ref, i.Source == "registry" || i.Source == "git", "a registry or git source")
	r.onlyFor("image.dockerfile", i.Dockerfile, i.Source == "git" || i.Source == "path", "a git or path source")
	if len(i.BuildArgs) > 0 && i.Source != "git" && i.Source != "path" {
		r.wrong("image.build_args", "used only with image.source git or path. Remove it, or change image.source")
	}
	for name, value := range i.BuildArgs {
		if strings.ContainsAny(value, "\r\n\x00") {
			r.wrong("image.build_args."+name, "the value has a line break. Write it on one line")
		}
		if envfile.IsSecret(name, value) || hasLogin(value) {
			r.wrong("image.build_args."+name, "this looks like a secret, and everyone with the image can read build arguments. Remove it")
		}
	}
	if i.Dockerfile != "" && i.Dockerfile != "ours" && i.Dockerfile != "theirs" {
		r.wrong("image.dockerfile", "%s is not valid here; use ours or theirs", quote(i.Dockerfile))
	}
}

func (i *Image) checkGit(r *reader) {
	switch {
	case i.URL == "":
		r.wrong("image.url", "image.source git needs an address, for example %s", gitExample)
	case strings.HasPrefix(i.URL, "-"):
		r.wrong("image.url", "an address cannot begin with a dash; write it like %s", gitExample)
	case hasLogin(i.URL):
		// It would stand in the saved answers and in every plan.
		r.wrong("image.url", "the address contains a password or token, and openalgo-install saves and shows addresses. "+
			"Use git's credential helper, or ssh, for example git@github.com:marketcalls/openalgo.git")
	}
	if strings.HasPrefix(i.Ref, "-") {
		r.wrong("image.ref", "a branch, tag or commit cannot begin with a dash; write it like main")
	}
}

// hasLogin reports a password in an address, or a token in its user's place:
// over ssh a user alone is none. An address that cannot be read may have one.
func hasLogin(address string) bool {
	if !strings.Contains(address, "://") {
		return false
	}
	u, err := url.Parse(address)
	if err != nil {
		return strings.Contains(address, "@")
	}
	_, password := u.User.Password()
	return password || u.User != nil && u.Scheme != "ssh"
}

package image

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/compose"
	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/readfile"
	"github.com/marketcalls/openalgo-install/internal/source"
)

// composeBuild is the `build:` of a Compose file: a context alone, or a mapping.
type composeBuild struct {
	Context, Dockerfile, Target string
	Args                        any
}

func (b *composeBuild) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind == yaml.ScalarNode {
		return node.Decode(&b.Context)
	}
	type plain composeBuild
	return node.Decode((*plain)(b))
}

// buildOf is the `build:` of the service that a container was made from; nil
// where its Compose file has none, or is not in dir.
func buildOf(dir string, c engine.Container) *composeBuild {
	var found *composeBuild
	for file := range strings.SplitSeq(c.Labels[compose.LabelFiles], ",") {
		if filepath.Dir(file) != filepath.Clean(dir) {
			continue
		}
		text, err := readfile.Optional(file)
		var doc struct {
			Services map[string]struct{ Build *composeBuild }
		}
		if err != nil || yaml.Unmarshal(text, &doc) != nil {
			continue
		}
		if b := doc.Services[c.Labels[compose.LabelService]].Build; b != nil {
			found = b
		}
	}
	return found
}

// checkout returns the context of a build, if an upgrade can build the image
// from there as Docker Compose did; else why not.
func (b composeBuild) checkout(dir string) (path, why string) {
	path = b.Context
	if !filepath.IsAbs(path) {
		path = filepath.Join(dir, path)
	}
	switch {
	case strings.Contains(b.Context+b.Dockerfile, "$"), strings.Contains(b.Context, "://"), strings.HasPrefix(b.Context, "git@"):
		return "", "its build context is not a directory"
	case b.Target != "" || b.Args != nil:
		return "", "it is built with a target or arguments"
	case b.Dockerfile != "" && b.Dockerfile != "Dockerfile" && b.Dockerfile != "./Dockerfile":
		return "", "it is built with " + b.Dockerfile
	}
	for _, name := range []string{"Dockerfile", "app.py"} {
		if info, err := os.Lstat(filepath.Join(path, name)); err != nil || !info.Mode().IsRegular() {
			return "", fmt.Sprintf("%s has no %s", path, name)
		}
	}
	return path, ""
}

// Adopted says where upgrades of an adopted stack come from: a registry,
// or the checkout that its image was built from. how tells a person.
func Adopted(dir string, c engine.Container) (image answers.Image, how string) {
	image = answers.Image{Source: "registry", Ref: c.Image}
	b := buildOf(dir, c)
	if b == nil {
		return image, ""
	}
	path, why := b.checkout(dir)
	if why != "" {
		return image, fmt.Sprintf("its image was built on this machine, and openalgo-install cannot build it again (%s). "+
			"To change to published releases: %s", why, finding.Command(dir, "upgrade", "--to", answers.DefaultImage))
	}
	return answers.Image{Source: "path", Path: path, Dockerfile: source.Theirs},
		fmt.Sprintf("its image was built from %s, and an upgrade builds it from there. Before an upgrade, update that checkout: git -C %[1]s pull", path)
}

package render

import (
	"fmt"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/compose"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/source"
	"github.com/marketcalls/openalgo-install/templates"
)

// localImage is what build.sh calls its image.
const localImage = "openalgo:local"

func fromSource(a answers.Answers) bool { return a.Image.Source == "git" || a.Image.Source == "path" }

// imageOf is the image that rendered files name.
func imageOf(a answers.Answers, v values) string {
	switch {
	case a.Image.Source == "rehearsal":
		return v.TestImage
	case fromSource(a) || a.Image.Source == "file":
		return localImage
	}
	return a.Image.Ref
}

// buildsOurs reports whether build.sh takes our Dockerfile. A repository is not
// looked at: it has its own unless the answers say otherwise.
func buildsOurs(a answers.Answers) bool {
	switch {
	case !fromSource(a) || a.Image.Dockerfile == source.Theirs:
		return false
	case a.Image.Dockerfile == source.Ours:
		return true
	}
	_, err := os.Stat(filepath.Join(a.Image.Path, "Dockerfile"))
	return a.Image.Source == "path" && err != nil
}

// buildFiles are build.sh and what it needs; none where the image is pulled.
func buildFiles(a answers.Answers) []output {
	if a.Image.Source == "file" {
		return []output{{"load.sh", loadScript(a), 0o755}}
	}
	if !fromSource(a) {
		return nil
	}
	files := []output{{"build.sh", buildScript(a), 0o755}}
	if buildsOurs(a) {
		files = append(files, templateFiles()...)
	}
	return files
}

// templateFiles stand in the top directory of a checkout.
func templateFiles() []output {
	files := []output{{".dockerignore", templates.DockerIgnore(), 0o644}}
	for _, f := range templates.BuildFiles() {
		files = append(files, output{f.Name, f.Text, f.Mode})
	}
	return files
}

func buildScript(a answers.Answers) []byte {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("#!/bin/sh")
	line("# Builds %s from source, as the answers say.", localImage)
	line("set -eu")
	line(`here=$(cd "$(dirname "$0")" && pwd)`)
	line("work=$(mktemp -d)")
	line(`trap 'rm -rf "$work"' EXIT`)
	if a.Image.Source == "git" {
		ref := a.Image.Ref
		if ref == "" {
			ref = "HEAD"
		}
		line(`git init -q "$work"`)
		line(`git -C "$work" fetch -q --depth 1 -- %s %s`, quoted(a.Image.URL), quoted(ref))
		line(`git -C "$work" checkout -q --detach FETCH_HEAD`)
	} else {
		line(`cp -R %s/. "$work/"`, quoted(a.Image.Path))
	}
	if buildsOurs(a) {
		for _, f := range templateFiles() {
			line(`cp "$here/%s" "$work/"`, f.name)
		}
	}
	args := ""
	for _, name := range slices.Sorted(maps.Keys(a.Image.BuildArgs)) {
		args += " --build-arg " + quoted(name+"="+a.Image.BuildArgs[name])
	}
	line(`docker build -t %s%s "$work"`, localImage, args)
	return []byte(b.String())
}

func loadScript(a answers.Answers) []byte {
	return fmt.Appendf(nil, `#!/bin/sh
# Loads %[1]s from a file, as the answers say.
set -eu
name=$(docker load -q -i %[2]s | sed -n 's/^Loaded image\( ID\)\{0,1\}: //p' | head -n 1)
docker tag "$name" %[1]s
`, localImage, quoted(a.Image.Path))
}

// dockerRun is the container without Compose: the same volumes, ports, limits
// and health check.
func dockerRun(a answers.Answers, v values, project string) []byte {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("#!/bin/sh")
	line("# Runs OpenAlgo with plain docker. Sizing is written here, not read from .env.")
	if fromSource(a) {
		line("# Run ./build.sh first: it builds the image.")
	}
	if a.Image.Source == "file" {
		line("# Run ./load.sh first: it loads the image.")
	}
	line("set -eu")
	line(`here=$(cd "$(dirname "$0")" && pwd)`)
	line("# Else Docker would make a directory of it.")
	line(`[ -f "$here/.env" ] || { echo "there is no $here/.env" >&2; exit 1; }`)
	if a.Volumes == "bind" {
		line("# Docker would make these as root's, and OpenAlgo could not write them.")
		line(`for name in %s; do mkdir -p "$here/$name"; chown %s "$here/$name"; done`, strings.Join(openalgo.Trees, " "), openalgo.Owner)
		line(`chmod 700 "$here/keys"`)
	}
	line(`exec docker run -d \`)
	option := func(format string, args ...any) { line("  "+format+` \`, args...) }
	option("--name %s --init --restart unless-stopped --stop-timeout 40", compose.ContainerName(project))
	option("--security-opt no-new-privileges:true --cap-drop ALL --pids-limit 2048")
	for _, p := range [][2]int{{a.Ports.Web, openalgo.WebPort}, {a.Ports.WebSocket, openalgo.WebSocketPort}} {
		option("-p %s:%d", net.JoinHostPort(a.Ports.Bind, strconv.Itoa(p[0])), p[1])
	}
	for _, name := range openalgo.Trees {
		if a.Volumes == "bind" {
			option(`-v "$here/%s:%s"`, name, openalgo.Tree(name))
		} else {
			option("-v %s_openalgo_%s:%s", project, name, openalgo.Tree(name))
		}
	}
	option(`--mount "type=bind,source=$here/.env,target=%s"`, openalgo.Env)
	for _, size := range v.Sizing.Env() {
		if size.Key == "SHM_SIZE" {
			option("--shm-size %s", size.Value)
			continue
		}
		option("-e %s=%s", size.Key, size.Value)
	}
	health := fmt.Sprintf("curl -f http://127.0.0.1:%d%s", openalgo.WebPort, openalgo.CheckSetup)
	if buildsOurs(a) {
		health = openalgo.Start + " health"
	}
	option("--health-cmd %s --health-interval 30s --health-timeout 10s --health-retries 3 --health-start-period 300s", quoted(health))
	option("--log-driver json-file --log-opt max-size=10m --log-opt max-file=5")
	words := []string{quoted(imageOf(a, v))}
	for _, word := range commandOf(a) {
		words = append(words, quoted(word))
	}
	line("  %s", strings.Join(words, " \\\n  "))
	return []byte(b.String())
}

// quoted is a word of a shell script.
func quoted(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }

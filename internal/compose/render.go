// Package compose renders docker-compose.yaml, loads it back as Docker
// Compose would, and translates it into engine calls that leave the stack as
// Docker Compose would have made it.
package compose

import (
	"bytes"
	"fmt"
	"net"
	"regexp"
	"strconv"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/templates"
)

// Service is the name of the one service that this project runs.
const Service = "openalgo"

// FileName is the name of the rendered file.
const FileName = "docker-compose.yaml"

// The bytecode of OpenAlgo's code: where the container has its volume, which it
// cannot write, and the volume's name in the file.
const (
	BytecodeDir    = "/var/cache/openalgo-bytecode"
	BytecodeVolume = "openalgo_bytecode"
)

// OverrideNames are the files that Docker Compose merges by itself.
var OverrideNames = []string{"docker-compose.override.yaml", "docker-compose.override.yml"}

// Params is what the rendered file depends on; sizing is not in it, since the
// file reads that from .env.
type Params struct {
	Project       string // Compose project name, see ProjectName
	Container     string // container_name
	Image         string // image reference
	Bind          string // host address that the ports are published on
	WebPort       int    // host port of the web interface
	WebSocketPort int    // host port of the WebSocket proxy
	// Command runs in place of the image's own; see Command. nil is the image's own.
	Command []string
	// SELinux asks for the label without which a confined container may not
	// read .env. Elsewhere the mount has no `bind:` key: that is the one form
	// that every Compose release hashes alike (measured from 2.28 to 5.7).
	SELinux bool
	// OwnHealth says that the image has our start.sh, whose check knows of the
	// WebSocket proxy too.
	OwnHealth bool
	// AsRoot says that the image runs as root: without root's rights it could
	// not read .env, which belongs to user 1000.
	AsRoot bool
	// BindData keeps the data in directories beside the file, not in volumes.
	BindData bool
	// Bytecode mounts a volume with what Python makes of OpenAlgo's code. An image
	// that brings its own must not have it: Python would not look for that any more.
	Bytecode bool
	// Data names other volumes or absolute paths for some of openalgo.Trees.
	Data map[string]string
}

// Render returns docker-compose.yaml. The places of the template are filled by
// name: a template engine would keep the linker from dropping unused methods,
// which costs megabytes.
func Render(p Params) []byte {
	selinux := ""
	if p.SELinux {
		selinux = "        bind:\n          selinux: z\n"
	}
	capabilities := "    cap_drop: [ALL]\n"
	if p.AsRoot {
		capabilities = ""
	}
	health := fmt.Sprintf(`["CMD", "curl", "-f", "http://127.0.0.1:%d%s"]`, openalgo.WebPort, openalgo.CheckSetup)
	if p.OwnHealth {
		health = ownHealth
	}
	data, volumes := strings.Builder{}, strings.Builder{}
	for _, name := range openalgo.Trees {
		source, other := p.Data[name]
		if other && strings.HasPrefix(source, "/") {
			data.WriteString("      - type: bind\n        source: " + strconv.Quote(source) + "\n        target: " + openalgo.Tree(name) + "\n" + selinux)
			continue
		}
		if other {
			data.WriteString("      - openalgo_" + name + ":" + openalgo.Tree(name) + "\n")
			volumes.WriteString("  openalgo_" + name + ":\n    name: " + source + "\n    external: true\n")
			continue
		}
		if p.BindData {
			data.WriteString("      - type: bind\n        source: ./" + name + "\n        target: " + openalgo.Tree(name) + "\n" + selinux)
			continue
		}
		data.WriteString("      - openalgo_" + name + ":" + openalgo.Tree(name) + "\n")
		volumes.WriteString("  openalgo_" + name + ":\n")
	}
	cache := ""
	if p.Bytecode {
		cache = cacheVariable
		data.WriteString(cacheMount)
		volumes.WriteString(cacheVolume)
	}
	list := ""
	if volumes.Len() > 0 {
		list = "\nvolumes:\n" + volumes.String()
	}
	port := func(host, container int) string {
		return strconv.Quote(net.JoinHostPort(p.Bind, strconv.Itoa(host)) + ":" + strconv.Itoa(container))
	}
	return []byte(strings.NewReplacer(
		"@PROJECT@", p.Project,
		"@CONTAINER@", p.Container,
		"@IMAGE@", strconv.Quote(p.Image),
		"@WEB@", port(p.WebPort, openalgo.WebPort),
		"@WEBSOCKET@", port(p.WebSocketPort, openalgo.WebSocketPort),
		"@CAPABILITIES@", capabilities,
		"@COMMAND@", commandBlock(p.Command),
		"@SELINUX@", selinux,
		"@HEALTH@", health,
		"@DATA@", data.String(),
		"@BYTECODE@", cache,
		"@VOLUMES@", list,
	).Replace(string(templates.Compose())))
}

// ownHealth is the health check of our start.sh.
var ownHealth = fmt.Sprintf(`["CMD", %q, "health"]`, openalgo.Start)

// HasOwnHealth reports whether a file was rendered with Params.OwnHealth.
func HasOwnHealth(text []byte) bool { return bytes.Contains(text, []byte(ownHealth)) }

// What Params.Bytecode adds.
const (
	cacheVariable = "      # Python reads here what it made of OpenAlgo's code before, if that is there.\n" +
		"      PYTHONPYCACHEPREFIX: " + BytecodeDir + "/now\n"
	cacheMount  = "      - " + BytecodeVolume + ":" + BytecodeDir + ":ro\n"
	cacheVolume = "  " + BytecodeVolume + ":\n"
)

// hardening is the part of the template that the first versions of this program did
// not write.
var hardening = regexp.MustCompile(`(?m)^    # What runs in here gets no rights[\s\S]*?^    pids_limit: .*\n`)

// startPeriod is what the health check of those versions had as 40 s.
var startPeriod = regexp.MustCompile(`(?m)^(      start_period:) .*$`)

// Earlier returns the texts that earlier versions of this program wrote in place
// of the rendered one, the latest first. Their instances keep them until the
// container is recreated for another reason.
func Earlier(rendered []byte) [][]byte {
	before := withoutCommand(rendered)
	plain := []byte(strings.NewReplacer(cacheVariable, "", cacheMount, "", cacheVolume, "").Replace(string(before)))
	plain = bytes.TrimSuffix(plain, []byte("\nvolumes:\n"))
	return [][]byte{before, plain, startPeriod.ReplaceAll(hardening.ReplaceAll(plain, nil), []byte("$1 40s"))}
}

// ContainerName is the container's name for a project: openalgo-web for the
// project openalgo, as the old script had it, <project>-web for any other.
func ContainerName(project string) string { return project + "-web" }

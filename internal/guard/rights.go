package guard

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/compose"
	docker "github.com/marketcalls/openalgo-install/internal/engine/spec"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/openalgo"
	"github.com/marketcalls/openalgo-install/internal/world"
)

// envFile finds env_file, which reads a file of this machine into the
// container. Once it is loaded nothing tells where a value came from.
var envFile = regexp.MustCompile(`(?m)^[^#]*\benv_file\b`)

// Rights lists what a stack gives its container beyond its own .env and data.
func Rights(d instance.Dir, stack *compose.Stack, files map[string][]byte) (out []string) {
	spec := stack.Spec("")
	add := func(is bool, format string, args ...any) {
		if is {
			out = append(out, fmt.Sprintf(format, args...))
		}
	}
	add(spec.Host.Privileged, "privileged: true, which is root on this machine")
	for _, m := range spec.Mounts {
		add(m.Type == "bind" && !isOwnMount(d, m), "%s", mountText(m))
	}
	for _, v := range stack.Volumes {
		if device := v.Spec.DriverOpts["device"]; device != "" || v.Spec.DriverOpts["o"] != "" {
			add(true, "the volume %s, which is %q of this machine at %s", v.Spec.Name, device, v.Target)
		}
		add(v.External || !strings.HasPrefix(v.Spec.Name, stack.Project+"_"), "the volume %s, which is not this instance's, at %s", v.Spec.Name, v.Target)
	}
	add(len(spec.Host.Devices) > 0, "the devices %s", strings.Join(deviceTexts(spec.Host.Devices), ", "))
	add(len(spec.Host.CapAdd) > 0, "the capabilities %s", strings.Join(spec.Host.CapAdd, ", "))
	for _, opt := range spec.Host.SecurityOpt {
		name, value, _ := strings.Cut(strings.ReplaceAll(opt, "=", ":"), ":")
		add(name != "no-new-privileges" || value == "false", "security_opt %s", opt)
	}
	for name, value := range map[string]string{"network_mode": string(spec.Host.NetworkMode), "pid": string(spec.Host.PidMode), "ipc": string(spec.Host.IpcMode), "uts": string(spec.Host.UTSMode)} {
		harmless := value == "" || value == "private" || value == "none" || value == "bridge" || value == "shareable"
		add(!harmless, "%s: %s", name, value)
	}
	add(spec.Host.CgroupParent != "", "cgroup_parent: %s", spec.Host.CgroupParent)
	add(spec.Host.Runtime != "", "runtime: %s", spec.Host.Runtime)
	add(len(spec.Host.Sysctls) > 0, "sysctls")
	add(len(spec.Host.GroupAdd) > 0, "the groups %s", strings.Join(spec.Host.GroupAdd, ", "))
	add(spec.User != "", "the user %s", spec.User)
	add(len(spec.Entrypoint) > 0, "the entrypoint %q", strings.Join(spec.Entrypoint, " "))
	add(len(spec.Cmd) > 0 && !compose.IsCommand(spec.Cmd), "the command %q", strings.Join(spec.Cmd, " "))
	for name, text := range files {
		add(envFile.Match(text), "files of this machine read by env_file in %s", name)
	}
	slices.Sort(out)
	return out
}

func deviceTexts(list []docker.DeviceMapping) (out []string) {
	for _, d := range list {
		out = append(out, d.PathOnHost+":"+d.PathInContainer+":"+d.CgroupPermissions)
	}
	return out
}

// isOwnMount reports whether a mount is the instance's .env or a data directory
// of it.
func isOwnMount(d instance.Dir, m docker.Mount) bool {
	if m.Target == openalgo.Env {
		return m.Source == d.Env()
	}
	name, ok := openalgo.TreeOf(m.Target)
	return ok && m.Source == filepath.Join(string(d), name)
}

func mountText(m docker.Mount) string {
	if strings.HasSuffix(m.Source, ".sock") {
		return fmt.Sprintf("the socket %s of this machine as %s, which is root on it if it is Docker's", m.Source, m.Target)
	}
	return fmt.Sprintf("the path %s of this machine as %s", m.Source, m.Target)
}

// RightsHere are those that the files here give already; none where they cannot
// be read.
func RightsHere(o *world.Observation) []string {
	if o.PresentCompose == nil {
		return nil
	}
	files := map[string][]byte{compose.FileName: o.PresentCompose}
	src := compose.Source{Dir: string(o.Dir), Env: o.PresentEnv, Files: []compose.File{{Path: o.Dir.Path(compose.FileName), Content: o.PresentCompose}}}
	for _, name := range compose.OverrideNames {
		path := o.Dir.Path(name)
		if text := o.Overrides[name]; text != nil {
			files[name] = text
			src.Files = append(src.Files, compose.File{Path: path, Content: text})
			break
		}
	}
	stack, err := compose.Load(src)
	if err != nil {
		return nil
	}
	return Rights(o.Dir, stack, files)
}

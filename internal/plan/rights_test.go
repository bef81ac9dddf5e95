package plan

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/compose"
	"github.com/marketcalls/openalgo-install/internal/guard"
	"github.com/marketcalls/openalgo-install/internal/instance"
)

// TestRights wants what a Compose file gives beyond .env and data to be named.
func TestRights(t *testing.T) {
	t.Parallel()
	const dir = "/opt/openalgo"

	plain := string(compose.Render(compose.Params{Project: "openalgo", Container: "openalgo-web", Image: "marketcalls/openalgo:latest", Bind: "127.0.0.1", WebPort: 5000, WebSocketPort: 8765}))
	service := func(text string) string {
		return strings.Replace(plain, "    init: true\n", "    init: true\n"+text, 1)
	}
	mount := func(text string) string {
		return strings.Replace(plain, "    volumes:\n", "    volumes:\n"+text, 1)
	}
	for want, text := range map[string]string{
		"":                 plain,
		"privileged: true": service("    privileged: true\n"),
		"the path / of":    mount("      - {type: bind, source: /, target: /host}\n"),
		"the path /opt/openalgo/.openalgo-install of": mount("      - ./.openalgo-install:/app/x\n"),
		"the path /etc of":                            mount("      - /etc:/app/static\n"),
		"docker.sock":                                 mount("      - /var/run/docker.sock:/var/run/docker.sock\n"),
		"the devices /dev/sda":                        service("    devices: [/dev/sda]\n"),
		"capabilities SYS_ADMIN":                      service("    cap_add: [SYS_ADMIN]\n"),
		"network_mode: host":                          strings.Replace(service("    network_mode: host\n"), "ports:\n", "x-ports:\n", 1),
		"pid: host":                                   service("    pid: host\n"),
		"ipc: host":                                   service("    ipc: host\n"),
		"uts: host":                                   service("    uts: host\n"),
		"seccomp:unconfined":                          strings.Replace(plain, `["no-new-privileges:true"]`, `["seccomp:unconfined"]`, 1),
		"no-new-privileges:false":                     strings.Replace(plain, `["no-new-privileges:true"]`, `["no-new-privileges:false"]`, 1),
		"the user 0":                                  service("    user: \"0\"\n"),
		"the entrypoint":                              service("    entrypoint: [sh]\n"),
		"the command":                                 service("    command: [sh]\n"),
		"the groups disk":                             service("    group_add: [disk]\n"),
		"runtime: other":                              service("    runtime: other\n"),
		"env_file":                                    service("    env_file: [{path: /etc/none, required: false}]\n"),
		"which is \"/\"":                              plain + "  evil:\n    driver_opts: {type: none, o: bind, device: /}\n",
		"not this instance's":                         plain + "  evil: {external: true, name: other_openalgo_db}\n",
	} {
		if strings.Contains(text, "\n  evil:") {
			text = strings.Replace(text, "    volumes:\n", "    volumes:\n      - evil:/app/evil\n", 1)
		}
		stack, err := compose.Load(compose.Source{Dir: dir, Files: []compose.File{{Path: filepath.Join(dir, compose.FileName), Content: []byte(text)}}})
		if err != nil {
			t.Errorf("%s: %v\n%s", want, err, text)
			continue
		}
		got := guard.Rights(instance.Dir(dir), stack, map[string][]byte{compose.FileName: []byte(text)})
		if want == "" && len(got) > 0 || want != "" && (len(got) == 0 || !strings.Contains(strings.Join(got, "; "), want)) {
			t.Errorf("%q: %q", want, got)
		}
	}
}

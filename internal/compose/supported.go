package compose

import (
	"fmt"
	"strings"

	"github.com/compose-spec/compose-go/v2/tree"
)

// supportedAttributes lists everything in a Compose file that Load carries
// out. It is closed: an attribute that is missing here is refused by name, so
// that nothing a user writes is dropped in silence.
var supportedAttributes = paths(
	"name", "version",
	"services.*", "services.*.{"+
		"cap_add cap_drop cgroup_parent command container_name cpu_shares cpus cpuset "+
		"devices dns dns_opt dns_search domainname entrypoint environment env_file expose "+
		"extra_hosts group_add hostname image init ipc labels mem_limit mem_reservation "+
		"memswap_limit network_mode oom_kill_disable oom_score_adj pid pids_limit privileged "+
		"pull_policy read_only restart runtime security_opt shm_size stdin_open "+
		"stop_grace_period stop_signal sysctls tmpfs tty ulimits user uts working_dir "+
		"attach profiles scale}",
	"services.*.{cap_add cap_drop command dns dns_opt dns_search entrypoint env_file expose group_add "+
		"security_opt tmpfs devices extra_hosts profiles}.[]",
	"services.*.{environment labels sysctls extra_hosts}.*",
	"services.*.extra_hosts.*.[]",
	"services.*.env_file.[].{path required format}",
	"services.*.devices.[].{source target permissions}",
	"services.*.ulimits.*", "services.*.ulimits.*.{soft hard single}",
	"services.*.healthcheck.{test interval timeout retries start_period start_interval disable}",
	"services.*.healthcheck.test.[]",
	"services.*.logging.{driver options}", "services.*.logging.options.*",
	"services.*.ports.[].{target published host_ip protocol mode name app_protocol}",
	"services.*.networks.*",
	"services.*.networks.*.{aliases ipv4_address ipv6_address mac_address}",
	"services.*.networks.*.aliases.[]",
	"services.*.volumes.[].{type source target read_only consistency}",
	"services.*.volumes.[].bind.{propagation create_host_path selinux}",
	"services.*.volumes.[].volume.nocopy",
	"services.*.volumes.[].tmpfs.size",
	"services.*.deploy.resources.limits.{cpus memory pids}",
	"services.*.deploy.resources.reservations.memory",
	"networks.*", "networks.*.{name driver external internal attachable enable_ipv6 driver_opts labels}",
	"networks.*.{driver_opts labels}.*",
	"networks.*.ipam", "networks.*.ipam.config.[].{subnet gateway ip_range}",
	"volumes.*", "volumes.*.{name driver external driver_opts labels}",
	"volumes.*.{driver_opts labels}.*",
)

// paths expands one {a b c} group in each pattern.
func paths(patterns ...string) []tree.Path {
	var out []tree.Path
	for _, pattern := range patterns {
		head, rest, grouped := strings.Cut(pattern, "{")
		if !grouped {
			out = append(out, tree.Path(pattern))
			continue
		}
		group, tail, _ := strings.Cut(rest, "}")
		for _, name := range strings.Fields(group) {
			out = append(out, tree.Path(head+name+tail))
		}
	}
	return out
}

// UnsupportedError names what a Compose file asks for and this program cannot
// carry out.
type UnsupportedError struct {
	File       string
	Attributes []string // dotted paths, for example "services.openalgo.secrets"
}

func (e *UnsupportedError) Error() string {
	return fmt.Sprintf("%s uses settings that openalgo-install does not support: %s. Remove them, or use only docker compose for this instance. "+
		"Nothing was changed",
		e.File, strings.Join(e.Attributes, ", "))
}

package compose

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/compose-spec/compose-go/v2/types"
	"github.com/opencontainers/go-digest"
)

// hashKeyOrder is the order in which Docker Compose 5.6 and later writes a
// service's attributes before it hashes them; it equals the field order of the
// compose-go releases before, so the hash is the same for all of them
// (seen with 2.28 to 5.7). Attributes that are not listed follow, sorted.
var hashKeyOrder = []string{
	"profiles", "annotations", "attach", "build", "develop", "blkio_config", "cap_add", "cap_drop",
	"cgroup_parent", "cgroup", "cpu_count", "cpu_percent", "cpu_period", "cpu_quota", "cpu_rt_period",
	"cpu_rt_runtime", "cpus", "cpuset", "cpu_shares", "command", "configs", "container_name",
	"credential_spec", "depends_on", "deploy", "device_cgroup_rules", "devices", "dns", "dns_opt",
	"dns_search", "dockerfile", "domainname", "entrypoint", "provider", "environment", "env_file",
	"expose", "extends", "external_links", "extra_hosts", "group_add", "gpus", "hostname",
	"healthcheck", "image", "init", "ipc", "isolation", "labels", "label_file", "links", "logging",
	"log_driver", "log_opt", "mem_limit", "mem_reservation", "memswap_limit", "mem_swappiness",
	"mac_address", "models", "net", "network_mode", "networks", "oom_kill_disable", "oom_score_adj",
	"pid", "pids_limit", "platform", "ports", "privileged", "pull_policy", "read_only", "restart",
	"runtime", "scale", "secrets", "security_opt", "shm_size", "stdin_open", "stop_grace_period",
	"stop_signal", "storage_opt", "sysctls", "tmpfs", "tty", "ulimits", "use_api_socket", "user",
	"userns_mode", "uts", "volume_driver", "volumes", "volumes_from", "working_dir", "pre_start",
	"post_start", "pre_stop", "pull_refresh_after",
}

// serviceHash is the value of the config-hash label: what Docker Compose
// compares to decide whether a container must be recreated.
func serviceHash(service types.ServiceConfig) (string, error) {
	service.Build = nil
	service.PullPolicy = ""
	service.Scale = nil
	if service.Deploy != nil {
		deploy := *service.Deploy
		deploy.Replicas = nil
		service.Deploy = &deploy
	}
	service.DependsOn = nil
	service.Profiles = nil
	service.EnvFiles = nil // what is in them is in the environment by now

	raw, err := json.Marshal(service)
	if err != nil {
		return "", fmt.Errorf("hashing the service %s: %w", service.Name, err)
	}
	ordered, err := orderKeys(raw)
	if err != nil {
		return "", fmt.Errorf("hashing the service %s: %w", service.Name, err)
	}
	return digest.SHA256.FromBytes(ordered).Encoded(), nil
}

// orderKeys rewrites a JSON object with its own keys in hashKeyOrder; the
// values stay as they are, byte for byte.
func orderKeys(object []byte) ([]byte, error) {
	var values map[string]json.RawMessage
	if err := json.Unmarshal(object, &values); err != nil {
		return nil, err
	}
	var keys, rest []string
	for _, key := range hashKeyOrder {
		if _, ok := values[key]; ok {
			keys = append(keys, key)
		}
	}
	for key := range values {
		if !slices.Contains(hashKeyOrder, key) {
			rest = append(rest, key)
		}
	}
	slices.Sort(rest)

	var out bytes.Buffer
	for i, key := range append(keys, rest...) {
		if i > 0 {
			out.WriteByte(',')
		}
		fmt.Fprintf(&out, "%q:", key)
		out.Write(values[key])
	}
	return append(append([]byte{'{'}, out.Bytes()...), '}'), nil
}

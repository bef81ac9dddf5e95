package host

import (
	"path"
	"slices"
	"strconv"
	"strings"
)

// cgroupMemory is this process's memory limit in MiB, 0 without one.
func (v View) cgroupMemory() int {
	limit := 0
	for _, dir := range v.cgroupDirs("memory") {
		for _, name := range []string{"memory.max", "memory.limit_in_bytes"} {
			bytes, err := strconv.ParseUint(strings.TrimSpace(v.read(path.Join(dir, name))), 10, 64)
			// cgroup v2 writes "max" for no limit, v1 a number near 2^63.
			if err == nil && bytes > 0 && bytes < 1<<60 {
				limit = smallest(limit, max(1, int(bytes/mib)))
			}
		}
	}
	return limit
}

// cgroupCores is this process's CPU quota in whole cores, 0 without one.
func (v View) cgroupCores() int {
	limit := 0
	for _, dir := range v.cgroupDirs("cpu") {
		// v2 has "quota period" in one file, v1 has two; "max" and -1 are none.
		fields := strings.Fields(v.read(path.Join(dir, "cpu.max")))
		if len(fields) != 2 {
			fields = []string{
				strings.TrimSpace(v.read(path.Join(dir, "cpu.cfs_quota_us"))),
				strings.TrimSpace(v.read(path.Join(dir, "cpu.cfs_period_us"))),
			}
		}
		quota, err1 := strconv.Atoi(fields[0])
		period, err2 := strconv.Atoi(fields[1])
		if err1 == nil && err2 == nil && quota > 0 && period > 0 {
			limit = smallest(limit, max(1, quota/period))
		}
	}
	return limit
}

// smallest keeps the smaller of two limits, where a is 0 as long as there is
// none.
func smallest(a, b int) int {
	if a == 0 {
		return b
	}
	return min(a, b)
}

// cgroupDirs lists the directories, relative to the root, whose limits hold
// for this process under the given controller: its own and each above it. In
// a container the path in /proc/self/cgroup may be the host's and not exist
// here; its parents lead to the mounted top, which is the container's own.
func (v View) cgroupDirs(controller string) []string {
	var dirs []string
	for line := range strings.Lines(v.read("proc/self/cgroup")) {
		// hierarchy-ID:controller-list:path; v2 has an empty list.
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(parts) != 3 {
			continue
		}
		top := "sys/fs/cgroup"
		if parts[1] != "" {
			if !slices.Contains(strings.Split(parts[1], ","), controller) {
				continue
			}
			top = path.Join(top, controller)
			if !v.exists(top) {
				top = path.Join("sys/fs/cgroup", parts[1])
			}
		}
		for at := path.Clean("/" + parts[2]); ; at = path.Dir(at) {
			dirs = append(dirs, path.Join(top, at))
			if at == "/" {
				break
			}
		}
	}
	return dirs
}

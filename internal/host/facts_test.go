package host_test

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/host"
)

const (
	// A "4 GB" server with two cores.
	meminfo = "MemTotal:        4004352 kB\nMemFree:          200000 kB\nMemAvailable:    3072000 kB\nBuffers:           10000 kB\nCached:           500000 kB\nSwapTotal:       2097152 kB\nSwapFree:        2097152 kB\n"
	cpuinfo = "processor\t: 0\nmodel name\t: x\n\nprocessor\t: 1\nmodel name\t: x\n"
	debian  = "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nNAME=\"Debian GNU/Linux\"\nVERSION_ID=\"12\"\nVERSION=\"12 (bookworm)\"\nVERSION_CODENAME=bookworm\nID=debian\n"
	noLimit = "9223372036854771712\n" // how cgroup v1 writes it
)

// tree makes a machine's files in a directory and returns it.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	all := map[string]string{"proc/meminfo": meminfo, "proc/cpuinfo": cpuinfo, "etc/os-release": debian}
	for name, text := range files {
		all[name] = text
	}
	for name, text := range all {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func measure(t *testing.T, v host.View) host.Facts {
	t.Helper()
	f, err := v.Measure(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestMeasure(t *testing.T) {
	v := host.View{Root: tree(t, map[string]string{"run/systemd/system/x": ""}), Affinity: 64, Kernel: "6.1.0-28-amd64"}
	f := measure(t, v)
	if f.RAMMiB != 3910 || f.Cores != 2 || f.SwapMiB != 2048 || f.AvailableMiB != 3000 {
		t.Errorf("%+v", f)
	}
	if f.CgroupRAMMiB != 0 || f.CgroupCores != 0 || f.Virtualization != "" || !f.Systemd {
		t.Errorf("%+v", f)
	}
	if f.OS.ID != "debian" || f.Arch != runtime.GOARCH || f.Kernel != "6.1.0-28-amd64" {
		t.Errorf("%+v", f)
	}
	v.Affinity = 1
	if f = measure(t, v); f.Cores != 1 {
		t.Errorf("with one core allowed: %d", f.Cores)
	}
}

func TestMeasureThisMachine(t *testing.T) {
	f, err := host.Measure(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if f.RAMMiB < 1 || f.Cores < 1 || f.Cores > runtime.NumCPU() || f.Kernel == "" {
		t.Errorf("%+v", f)
	}
}

func TestCgroupLimits(t *testing.T) {
	for name, c := range map[string]struct {
		files      map[string]string
		ram, cores int // the limits
	}{
		"v2": {map[string]string{
			"proc/self/cgroup":                                       "0::/system.slice/app.service\n",
			"sys/fs/cgroup/system.slice/app.service/x":               "",
			"sys/fs/cgroup/system.slice/memory.max":                  "1073741824\n",
			"sys/fs/cgroup/system.slice/cpu.max":                     "max 100000\n",
			"sys/fs/cgroup/system.slice/app.service/" + "memory.max": "max\n",
			"sys/fs/cgroup/system.slice/app.service/cpu.max":         "150000 100000\n",
		}, 1024, 1},
		"v2 in a container": {map[string]string{
			"proc/self/cgroup":         "0::/\n",
			"sys/fs/cgroup/memory.max": "536870912\n",
			"sys/fs/cgroup/cpu.max":    "50000 100000\n",
		}, 512, 1},
		"v2 without limits": {map[string]string{
			"proc/self/cgroup":         "0::/\n",
			"sys/fs/cgroup/memory.max": "max\n",
			"sys/fs/cgroup/cpu.max":    "max 100000\n",
		}, 0, 0},
		"v2 above what there is": {map[string]string{
			"proc/self/cgroup":         "0::/\n",
			"sys/fs/cgroup/memory.max": "68719476736\n",
			"sys/fs/cgroup/cpu.max":    "800000 100000\n",
		}, 65536, 8},
		"v1": {map[string]string{
			"proc/self/cgroup": "4:memory:/box\n3:cpu,cpuacct:/box\n",
			"sys/fs/cgroup/memory/box/memory.limit_in_bytes":  "2147483648\n",
			"sys/fs/cgroup/memory/memory.limit_in_bytes":      noLimit,
			"sys/fs/cgroup/cpu,cpuacct/box/cpu.cfs_quota_us":  "100000\n",
			"sys/fs/cgroup/cpu,cpuacct/box/cpu.cfs_period_us": "100000\n",
			"sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us":      "-1\n",
			"sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us":     "100000\n",
		}, 2048, 1},
		"v1 in a container, the path is the host's": {map[string]string{
			"proc/self/cgroup":                           "4:memory:/docker/abc\n1:cpu:/docker/abc\n0::/\n",
			"sys/fs/cgroup/memory/memory.limit_in_bytes": "536870912\n",
			"sys/fs/cgroup/cpu/cpu.cfs_quota_us":         "250000\n",
			"sys/fs/cgroup/cpu/cpu.cfs_period_us":        "100000\n",
		}, 512, 2},
		"v1 without limits": {map[string]string{
			"proc/self/cgroup":                           "4:memory:/\n1:cpu:/\n",
			"sys/fs/cgroup/memory/memory.limit_in_bytes": noLimit,
			"sys/fs/cgroup/cpu/cpu.cfs_quota_us":         "-1\n",
			"sys/fs/cgroup/cpu/cpu.cfs_period_us":        "100000\n",
		}, 0, 0},
		"nonsense": {map[string]string{
			"proc/self/cgroup":         "garbage\n0::/../../etc\n",
			"sys/fs/cgroup/memory.max": "\n",
			"sys/fs/cgroup/cpu.max":    "0 0\n",
		}, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			f := measure(t, host.View{Root: tree(t, c.files), Affinity: 2})
			if f.CgroupRAMMiB != c.ram || f.CgroupCores != c.cores {
				t.Errorf("limits %d MiB, %d cores; want %d, %d", f.CgroupRAMMiB, f.CgroupCores, c.ram, c.cores)
			}
			wantRAM, wantCores := 3910, 2
			if c.ram > 0 {
				wantRAM = min(wantRAM, c.ram)
			}
			if c.cores > 0 {
				wantCores = min(wantCores, c.cores)
			}
			if f.RAMMiB != wantRAM || f.Cores != wantCores {
				t.Errorf("%d MiB, %d cores; want %d, %d", f.RAMMiB, f.Cores, wantRAM, wantCores)
			}
		})
	}
}

func TestVirtualization(t *testing.T) {
	for name, c := range map[string]struct {
		files   map[string]string
		kernel  string
		want    string
		problem string
	}{
		"plain":      {nil, "6.1.0", "", ""},
		"openvz":     {map[string]string{"proc/vz/veinfo": ""}, "2.6.32-042stab120", "openvz", "OpenVZ"},
		"virtuozzo":  {map[string]string{"proc/vz/vzaquota/x": ""}, "3.10.0-1160", "virtuozzo", "OpenVZ/Virtuozzo"},
		"its host":   {map[string]string{"proc/vz/veinfo": "", "proc/bc/x": ""}, "6.1.0", "", ""},
		"lxc":        {map[string]string{"proc/1/environ": "A=b\x00container=lxc\x00"}, "6.1.0", "lxc", "nesting"},
		"lxc, known": {map[string]string{"run/systemd/container": "lxc\n"}, "6.1.0", "lxc", "nesting"},
		"lxc, nests": {map[string]string{"run/systemd/container": "lxc\n", "dev/.lxc/proc/version": ""}, "6.1.0", "lxc", ""},
		"docker":     {map[string]string{".dockerenv": ""}, "6.1.0", "docker", ""},
		"podman":     {map[string]string{"run/.containerenv": ""}, "6.1.0", "podman", ""},
		"wsl":        {nil, "5.15.153.1-microsoft-standard-WSL2", "wsl", ""},
		"old kernel": {nil, "3.10.0-1160.el7.x86_64", "", "too old"},
		"odd kernel": {nil, "unknown", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			f := measure(t, host.View{Root: tree(t, c.files), Kernel: c.kernel})
			problem := f.DockerProblem()
			if f.Virtualization != c.want || !strings.Contains(problem, c.problem) || (c.problem == "") != (problem == "") {
				t.Errorf("%q: %q", f.Virtualization, problem)
			}
		})
	}
}

// There is no OpenAlgo for 32-bit systems, whatever their kernel.
func TestPlatformProblem(t *testing.T) {
	raspbian := host.ParseOSRelease("PRETTY_NAME=\"Raspbian GNU/Linux 12 (bookworm)\"\nID=raspbian\nID_LIKE=debian\n")
	for arch, want := range map[string]string{"amd64": "", "arm64": "", "arm": "32-bit ARM", "386": "linux/386"} {
		if got := (host.Facts{Arch: arch}).DockerProblem(); (got == "") != (want == "") || !strings.Contains(got, want) {
			t.Errorf("%s: %q", arch, got)
		}
		if got := host.PlatformProblem(arch, raspbian); !strings.Contains(got, "64-bit Raspberry Pi OS") {
			t.Errorf("%s, Raspbian: %q", arch, got)
		}
	}
}

func TestParseOSRelease(t *testing.T) {
	for name, c := range map[string]struct {
		text                                string
		id, version, codename, ubuntu, lmde string
	}{
		"debian":  {debian, "debian", "12", "bookworm", "", ""},
		"ubuntu":  {"PRETTY_NAME=\"Ubuntu 24.04.3 LTS\"\nVERSION_ID=\"24.04\"\nVERSION_CODENAME=noble\nID=ubuntu\nID_LIKE=debian\nUBUNTU_CODENAME=noble\n", "ubuntu", "24.04", "noble", "noble", ""},
		"mint":    {"NAME=\"Linux Mint\"\nVERSION=\"22 (Wilma)\"\nID=linuxmint\nID_LIKE=\"ubuntu debian\"\nVERSION_ID=\"22\"\nVERSION_CODENAME=wilma\nUBUNTU_CODENAME=noble\n", "linuxmint", "22", "wilma", "noble", ""},
		"lmde":    {"ID=linuxmint\nID_LIKE=debian\nVERSION_ID=6\nVERSION_CODENAME=faye\nDEBIAN_CODENAME=bookworm\n", "linuxmint", "6", "faye", "", "bookworm"},
		"fedora":  {"NAME=\"Fedora Linux\"\nID=fedora\nVERSION_ID=42\nVERSION_CODENAME=\"\"\nPRETTY_NAME=\"Fedora Linux 42 (Cloud Edition)\"\n", "fedora", "42", "", "", ""},
		"rocky":   {"NAME=\"Rocky Linux\"\nID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\nVERSION_ID=\"9.4\"\n", "rocky", "9.4", "", "", ""},
		"amazon":  {"NAME=\"Amazon Linux\"\nID=\"amzn\"\nID_LIKE=\"fedora\"\nVERSION_ID=\"2023\"\n", "amzn", "2023", "", "", ""},
		"testing": {"PRETTY_NAME=\"Debian GNU/Linux forky/sid\"\nNAME=\"Debian GNU/Linux\"\nID=debian\n", "debian", "", "", "", ""},
		"stretch": {"VERSION_ID=\"9\"\nVERSION=\"9 (stretch)\"\nID=debian\n", "debian", "9", "stretch", "", ""},
		"quotes":  {"# c\r\nID='Debian'\nNAME=\"a \\\"b\\\"\"\nnonsense\n", "debian", "", "", "", ""},
		"empty":   {"", "", "", "", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			o := host.ParseOSRelease(c.text)
			if o.ID != c.id || o.Version != c.version || o.Codename != c.codename || o.UbuntuCodename != c.ubuntu || o.DebianCodename != c.lmde {
				t.Errorf("%+v", o)
			}
		})
	}
	rocky := host.ParseOSRelease("ID=rocky\nID_LIKE=\"rhel centos\"\n")
	if !rocky.Is("centos") || rocky.Is("debian") {
		t.Error("Is")
	}
}

func FuzzParseOSRelease(f *testing.F) {
	f.Add(debian)
	f.Add("ID=\"\nVERSION='(\n=\n")
	f.Fuzz(func(t *testing.T, text string) {
		if o := host.ParseOSRelease(text); o.ID != strings.ToLower(o.ID) {
			t.Errorf("ID %q", o.ID)
		}
	})
}

package dockersetup_test

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/host"
	"github.com/marketcalls/openalgo-install/internal/host/dockersetup"
)

var update = flag.Bool("update", false, "write the golden files")

var (
	debian   = host.OS{ID: "debian", Version: "12", Codename: "bookworm", Pretty: "Debian GNU/Linux 12 (bookworm)"}
	ubuntu   = host.OS{ID: "ubuntu", Like: []string{"debian"}, Version: "24.04", Codename: "noble", UbuntuCodename: "noble", Pretty: "Ubuntu 24.04 LTS"}
	mint     = host.OS{ID: "linuxmint", Like: []string{"ubuntu", "debian"}, Version: "22", Codename: "wilma", UbuntuCodename: "noble", Pretty: "Linux Mint 22"}
	fedora   = host.OS{ID: "fedora", Version: "42", Pretty: "Fedora Linux 42"}
	rocky    = host.OS{ID: "rocky", Like: []string{"rhel", "centos", "fedora"}, Version: "9.4", Pretty: "Rocky Linux 9.4"}
	amazon   = host.OS{ID: "amzn", Like: []string{"fedora"}, Version: "2023", Pretty: "Amazon Linux 2023"}
	oracle   = host.ParseOSRelease("NAME=\"Oracle Linux Server\"\nVERSION=\"9.6\"\nID=\"ol\"\nID_LIKE=\"fedora\"\nVARIANT=\"Server\"\nVERSION_ID=\"9.6\"\nPRETTY_NAME=\"Oracle Linux Server 9.6\"\n")
	coreos   = host.ParseOSRelease("NAME=\"Fedora Linux\"\nID=fedora\nVERSION_ID=42\nPRETTY_NAME=\"Fedora CoreOS 42.20250803.3.0\"\nVARIANT=\"CoreOS\"\nVARIANT_ID=coreos\n")
	silver   = host.ParseOSRelease("NAME=\"Fedora Linux\"\nID=fedora\nVERSION_ID=42\nPRETTY_NAME=\"Fedora Linux 42 (Silverblue)\"\nVARIANT_ID=silverblue\n")
	micro    = host.ParseOSRelease("NAME=\"openSUSE MicroOS\"\nID=\"opensuse-microos\"\nID_LIKE=\"suse opensuse opensuse-tumbleweed microos sl-micro\"\nVERSION_ID=\"20250815\"\nPRETTY_NAME=\"openSUSE MicroOS\"\n")
	arch     = host.ParseOSRelease("NAME=\"Arch Linux\"\nPRETTY_NAME=\"Arch Linux\"\nID=arch\nBUILD_ID=rolling\n")
	manjaro  = host.ParseOSRelease("NAME=\"Manjaro Linux\"\nPRETTY_NAME=\"Manjaro Linux\"\nID=manjaro\nID_LIKE=arch\n")
	nixos    = host.ParseOSRelease("ID=nixos\nPRETTY_NAME=\"NixOS 25.05 (Warbler)\"\nVERSION_ID=\"25.05\"\n")
	raspbian = host.ParseOSRelease("PRETTY_NAME=\"Raspbian GNU/Linux 12 (bookworm)\"\nVERSION_ID=\"12\"\nVERSION_CODENAME=bookworm\nID=raspbian\nID_LIKE=debian\n")
	alpine   = host.OS{ID: "alpine", Version: "3.22.1", Pretty: "Alpine Linux v3.22"}
)

// /etc/apk/repositories of Alpine Linux: as setup-alpine leaves it with and
// without the community repository, and cut down by hand.
const (
	withCommunity = "#/media/cdrom/apks\nhttp://dl-cdn.alpinelinux.org/alpine/v3.22/main\nhttp://dl-cdn.alpinelinux.org/alpine/v3.22/community\n"
	commented     = "#/media/cdrom/apks\nhttp://dl-cdn.alpinelinux.org/alpine/v3.22/main\n#http://dl-cdn.alpinelinux.org/alpine/v3.22/community\n"
	mainAlone     = "https://mirror.example.com/alpine/v3.22/main"
)

func facts(o host.OS) host.Facts {
	return host.Facts{OS: o, Arch: "amd64", Systemd: true}
}

func TestPlan(t *testing.T) {
	root := dockersetup.State{Root: true}
	noSystemd := facts(debian)
	noSystemd.Systemd = false
	arm := facts(ubuntu)
	arm.Arch = "arm64"

	for name, c := range map[string]struct {
		facts host.Facts
		state dockersetup.State
	}{
		"debian":              {facts(debian), root},
		"ubuntu-arm64":        {arm, root},
		"mint":                {facts(mint), root},
		"fedora":              {facts(fedora), root},
		"rocky":               {facts(rocky), root},
		"amazon":              {facts(amazon), dockersetup.State{Root: true, RepoProblem: "Docker has no repository for Amazon Linux 2023"}},
		"oracle":              {facts(oracle), root},
		"alpine-openrc":       {host.Facts{OS: alpine}, dockersetup.State{Root: true, RepoProblem: "no repository", OpenRC: true, Repositories: withCommunity}},
		"alpine-commented":    {host.Facts{OS: alpine}, dockersetup.State{Root: true, RepoProblem: "no repository", OpenRC: true, Repositories: commented}},
		"alpine-main-alone":   {host.Facts{OS: alpine}, dockersetup.State{Root: true, RepoProblem: "no repository", OpenRC: true, Repositories: mainAlone}},
		"coreos-stopped":      {facts(coreos), dockersetup.State{Root: true, Installed: true, OSTree: true}},
		"lxc-nesting":         {host.Facts{OS: debian, Arch: "amd64", Systemd: true, Virtualization: "lxc", Nesting: true}, root},
		"debian-unreachable":  {facts(debian), dockersetup.State{Root: true, RepoProblem: "download.docker.com cannot be reached"}},
		"debian-repo-present": {facts(debian), dockersetup.State{Root: true, RepoPresent: true}},
		"debian-no-systemd":   {noSystemd, dockersetup.State{Root: true, RepoProblem: "unreachable", Service: true}},
		"no-init":             {noSystemd, dockersetup.State{Root: true, Installed: true}},
		"installed-stopped":   {facts(debian), dockersetup.State{Root: true, Installed: true}},
		"sudo":                {facts(debian), dockersetup.State{Sudo: true}},
		"running":             {facts(debian), dockersetup.State{Running: true, Installed: true}},
	} {
		t.Run(name, func(t *testing.T) {
			steps, err := dockersetup.Plan(c.facts, c.state)
			if err != nil {
				t.Fatal(err)
			}
			var b strings.Builder
			for _, s := range steps {
				b.WriteString(s.String() + "\n")
			}
			golden(t, filepath.Join("testdata", "plan-"+name+".golden"), b.String())
		})
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; got:\n%s\nwant:\n%s", name, got, want)
	}
}

func TestPlanRefuses(t *testing.T) {
	rockyOffline := dockersetup.State{Root: true, RepoProblem: "download.docker.com cannot be reached"}
	for name, c := range map[string]struct {
		os    host.OS
		state dockersetup.State
		is    error
		says  string
	}{
		"neither root nor sudo":   {debian, dockersetup.State{}, dockersetup.ErrNeedsRoot, "sudo openalgo-install docker"},
		"stopped, not root":       {debian, dockersetup.State{Installed: true}, dockersetup.ErrNeedsRoot, "sudo"},
		"snap":                    {ubuntu, dockersetup.State{Root: true, Snap: true}, dockersetup.ErrSnap, "snap remove docker"},
		"running snap":            {ubuntu, dockersetup.State{Root: true, Snap: true, Running: true}, dockersetup.ErrSnap, "snap"},
		"unknown system":          {host.OS{ID: "void", Pretty: "Void Linux"}, dockersetup.State{Root: true}, nil, "Void Linux"},
		"Fedora CoreOS":           {coreos, dockersetup.State{Root: true, OSTree: true}, nil, "rpm-ostree install moby-engine"},
		"Silverblue, not root":    {silver, dockersetup.State{OSTree: true}, nil, "Fedora Linux 42 (Silverblue)"},
		"openSUSE MicroOS":        {micro, dockersetup.State{Root: true, Transactional: true}, nil, "transactional-update --non-interactive pkg install docker"},
		"Arch Linux":              {arch, dockersetup.State{Root: true}, nil, "pacman -Syu docker"},
		"Manjaro":                 {manjaro, dockersetup.State{Root: true}, nil, "Manjaro Linux"},
		"NixOS":                   {nixos, dockersetup.State{Root: true}, nil, "virtualisation.docker.enable"},
		"Raspbian":                {raspbian, dockersetup.State{Root: true}, nil, "64-bit Raspberry Pi OS"},
		"Alpine from a CD alone":  {alpine, dockersetup.State{Root: true, RepoProblem: "no repository", Repositories: "/media/cdrom/apks\n"}, nil, "setup-apkrepos -c"},
		"no os-release":           {host.OS{}, dockersetup.State{Root: true}, nil, "this machine"},
		"no package but Docker's": {rocky, rockyOffline, nil, "download.docker.com cannot be reached"},
	} {
		t.Run(name, func(t *testing.T) {
			steps, err := dockersetup.Plan(facts(c.os), c.state)
			if err == nil || c.is != nil && !errors.Is(err, c.is) || !strings.Contains(finding.Prompt{}.Text(err), c.says) {
				t.Errorf("got steps %v, error %v", steps, err)
			}
		})
	}
}

// A machine that cannot run Docker has no plan either, unless Docker runs there.
func TestPlanHoldsTheMachineAgainstDocker(t *testing.T) {
	lxc := facts(debian)
	lxc.Virtualization = "lxc"
	if steps, err := dockersetup.Plan(lxc, dockersetup.State{Root: true}); err == nil || !strings.Contains(err.Error(), "nesting") {
		t.Error(steps, err)
	}
	if steps, err := dockersetup.Plan(lxc, dockersetup.State{Root: true, Running: true}); err != nil || len(steps) > 0 {
		t.Error(steps, err)
	}
}

// Nothing in any plan upgrades the system, removes a package or pipes a
// download into a shell.
func TestPlanIsHarmless(t *testing.T) {
	files, err := filepath.Glob("testdata/plan-*.golden")
	if err != nil || len(files) == 0 {
		t.Fatal("no golden plans", err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, word := range []string{"upgrade", " remove", "purge", "autoremove", "curl", "wget", "| sh", "ufw", "iptables"} {
			if strings.Contains(string(text), word) {
				t.Errorf("%s has %q:\n%s", name, word, text)
			}
		}
	}
}

func TestCheckKey(t *testing.T) {
	const docker = "9DC858229FC7DD38854AE2D88D81803C0EBFCD88"
	real := read(t, "testdata/docker-deb.asc")
	other := read(t, "testdata/other.asc")
	if err := dockersetup.CheckKey(real, docker); err != nil {
		t.Error("Docker's key:", err)
	}
	if err := dockersetup.CheckKey(other, "499F76CDAA607B30FF0B3358BEAE1C7098EC3026"); err != nil {
		t.Error("the other key by its own fingerprint:", err)
	}
	if err := dockersetup.CheckKey([]byte(strings.ReplaceAll(string(real), "\n", "\r\n")), docker); err != nil {
		t.Error("Docker's key with CRLF:", err)
	}
	for name, data := range map[string][]byte{
		"another key":        other,
		"two blocks":         append(append([]byte{}, real...), other...),
		"a page":             []byte("<html>Sign in to the Wi-Fi</html>"),
		"empty":              nil,
		"cut off":            real[:len(real)/2],
		"a changed key byte": []byte(strings.Replace(string(real), "WpZ8", "WpZ9", 1)),
		"no packets":         []byte("-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nAAAA\n-----END PGP PUBLIC KEY BLOCK-----"),
	} {
		if err := dockersetup.CheckKey(data, docker); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}

func FuzzCheckKey(f *testing.F) {
	f.Add([]byte(read(f, "testdata/docker-deb.asc")))
	f.Add([]byte(read(f, "testdata/other.asc")))
	f.Add([]byte("-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nxv8AAAAB\n-----END PGP PUBLIC KEY BLOCK-----"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if dockersetup.CheckKey(data, strings.Repeat("0", 40)) == nil {
			t.Error("accepted")
		}
	})
}

func read(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

package bootstrap

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"aead.dev/minisign"

	"github.com/marketcalls/openalgo-install/internal/testuser"
)

// each runs a test under every shell.
func each(t *testing.T, test func(t *testing.T, shell string)) {
	t.Helper()
	for shell := range shells {
		t.Run(shell, func(t *testing.T) {
			t.Parallel()
			test(t, shell)
		})
	}
}

func TestInstallAndUpdate(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, shell string) {
		r := newRelease(t)
		r.publish("1.9.0")
		m := r.on(t, shell)
		is := func(version string) {
			t.Helper()
			out, err := exec.Command("sh", "-c", "RAN=/dev/null "+m.program()+" version").Output()
			if err != nil || !strings.HasPrefix(string(out), "openalgo-install "+version+" ") {
				t.Fatalf("%q, %v; want version %s", out, err, version)
			}
		}
		m.must(0, "openalgo-install answers init", r.script) // what to do next
		is("1.9.0")
		all := []string{
			"bin/openalgo-install", "share/bash-completion/completions/openalgo-install", "share/fish/vendor_completions.d/openalgo-install.fish",
			"share/man/man1/openalgo-install-status.1.gz", "share/man/man1/openalgo-install.1.gz", "share/zsh/site-functions/_openalgo-install",
		}
		if got := files(t, m.prefix()); !slices.Equal(got, all) {
			t.Errorf("installed: %q", got)
		}
		r.asked = nil
		m.must(0, "openalgo-install 1.9.0 is already installed", r.script)
		if slices.ContainsFunc(r.asked, func(name string) bool { return strings.HasSuffix(name, ".tar.gz") }) {
			t.Errorf("downloaded again: %q", r.asked)
		}
		r.publish("1.10.0")
		m.must(0, "openalgo-install 1.10.0 replaces 1.9.0", r.script)
		is("1.10.0")
		r.latest = "1.9.0"
		m.must(0, "openalgo-install 1.10.0 stays", r.script)
		is("1.10.0")
		m.must(0, "1.9.0 replaces 1.10.0", r.script, "--version", "1.9.0")
		is("1.9.0")
		m.env = append(m.env, "OPENALGO_INSTALL_VERSION=v1.10.0")
		m.must(0, "1.10.0 replaces 1.9.0", r.script)
		m.must(0, "1.9.0 replaces 1.10.0", r.script, "--version=1.9.0") // the option has the last word
		m.must(0, "removed", r.script, "--uninstall")
		if got := files(t, m.prefix()); len(got) > 0 {
			t.Errorf("left: %q", got)
		}
		m.must(0, "not installed", r.script, "--uninstall")
	})
}

// TestPreRelease follows the order of versions: a pre-release is before its release.
func TestPreRelease(t *testing.T) {
	t.Parallel()
	r := newRelease(t)
	m := r.on(t, "dash")
	for _, step := range []struct{ version, says string }{
		{"1.1.0-rc.1", "1.1.0-rc.1 is installed"}, {"1.0.9", "1.1.0-rc.1 stays"}, {"1.1.0-rc.2", "1.1.0-rc.2 replaces"},
		{"1.1.0", "1.1.0 replaces"}, {"1.1.0-rc.3", "1.1.0 stays"}, {"2.0.0-rc.1", "2.0.0-rc.1 replaces"},
	} {
		r.publish(step.version)
		m.must(0, step.says, r.script)
	}
}

// TestRefuses has what must not be installed, or cannot.
func TestRefuses(t *testing.T) {
	t.Parallel()
	_, stranger, err := minisign.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	const sums, signature, program = "v1.1.0/checksums.txt", "v1.1.0/checksums.txt.minisig", "v1.1.0/openalgo-install_linux_amd64.tar.gz"
	cases := map[string]struct {
		prepare func(r *release, m *machine)
		args    []string
		code    int
		says    string
	}{
		"another archive": {func(r *release, _ *machine) { r.files[program] = append(bytes.Clone(r.files[program]), 0) }, nil, 1, "the checksum of openalgo-install_linux_amd64.tar.gz is wrong"},
		"an archive that is not listed": {func(r *release, _ *machine) {
			r.files[sums] = []byte("00  x\n")
			r.files[signature] = sign(r.t, r.keys[0], "1.1.0", r.files[sums])
		}, nil, 1, "checksum"},
		"another list": {func(r *release, _ *machine) { r.files[sums] = append(r.files[sums], '\n') }, nil, 1, "the signature of the release is wrong"},
		"an edited comment": {func(r *release, _ *machine) {
			r.files[signature] = bytes.Replace(r.files[signature], []byte("1.1.0"), []byte("1.2.0"), 1)
		}, nil, 1, "signature"},
		"a stranger's key": {func(r *release, _ *machine) { r.files[signature] = sign(r.t, stranger, "1.1.0", r.files[sums]) }, nil, 1, "signature"},
		"a stranger's key with our id": {func(r *release, _ *machine) {
			r.files[signature] = posing(r.t, sign(r.t, stranger, "1.1.0", r.files[sums]), r.keys[0])
		}, nil, 1, "signature"},
		"minisign's form without a sum": {func(r *release, _ *machine) {
			r.files[signature] = minisign.SignWithComments(r.keys[0], r.files[sums], "openalgo-install 1.1.0", "")
		}, nil, 1, "signature"},
		"an empty signature":     {func(r *release, _ *machine) { r.files[signature] = nil }, nil, 1, "signature"},
		"a page of some portal":  {func(r *release, _ *machine) { r.files[signature] = []byte("<html>\n<p>\n$(id)\n`id`\n") }, nil, 1, "signature"},
		"an older one as latest": {func(r *release, _ *machine) { r.publish("0.9.0") }, nil, 1, "older than this script"},
		"an older one as another": {func(r *release, _ *machine) {
			for _, name := range []string{"checksums.txt", "checksums.txt.minisig"} {
				r.files["v1.2.0/"+name] = r.files["v1.1.0/"+name]
			}
		}, []string{"--version", "1.2.0"}, 1, "this is release 1.1.0"},
		"no such release":    {nil, []string{"--version", "7.7.7"}, 1, "could not download"},
		"no archive for it":  {func(r *release, _ *machine) { delete(r.files, program) }, nil, 1, "could not download"},
		"no version":         {nil, []string{"--version", "../../evil"}, 2, "not a version"},
		"an empty version":   {nil, []string{"--version"}, 2, "needs a version"},
		"an unknown option":  {nil, []string{"--answers", "x"}, 2, "sh -s -- -- --answers"},
		"a mirror over http": {func(_ *release, m *machine) { m.env = append(m.env, "OPENALGO_INSTALL_RELEASES=http://example.com") }, nil, 2, "not an https address"},
		"nearly loopback": {func(_ *release, m *machine) {
			m.env = append(m.env, "OPENALGO_INSTALL_RELEASES=http://127.0.0.1.example.com")
		}, nil, 2, "not an https address"},
		"the source's copy":          {func(r *release, _ *machine) { r.script = "../../install.sh" }, nil, 3, "no release keys"},
		"no openssl and no minisign": {func(_ *release, m *machine) { m.without("openssl") }, nil, 3, "cannot be verified"},
		"an openssl that is too old": {func(_ *release, m *machine) { m.fake("openssl", "echo unknown option").fake("apt-get", "") }, nil, 3, "apt-get install -y minisign"},
		"neither curl nor wget":      {func(_ *release, m *machine) { m.without("curl", "wget").fake("apk", "") }, nil, 3, "apk add curl"},
		"no tar":                     {func(_ *release, m *machine) { m.without("tar").fake("dnf", "") }, nil, 3, "dnf install -y tar"},
		"32-bit ARM":                 {func(_ *release, m *machine) { m.fake("uname", "case $1 in -s) echo Linux ;; *) echo armv7l ;; esac") }, nil, 3, "armv7l"},
		"a 32-bit userland":          {func(_ *release, m *machine) { m.fake("getconf", "echo 32") }, nil, 3, "32-bit Linux"},
		"another system":             {func(_ *release, m *machine) { m.fake("uname", "echo Darwin") }, nil, 3, "Darwin"},
		"a package's program":        {func(_ *release, m *machine) { m.fake("openalgo-install", "") }, nil, 3, "not installed by this script"},
		"a program of no use here": {func(r *release, m *machine) {
			r.files[program] = bytes.Clone(archive(r.t, "1.1.0", "amd64"))
			m.fake("chmod", "exit 1") // stands for a place that nothing may run in
		}, nil, 1, "could not install"},
	}
	each(t, func(t *testing.T, shell string) {
		for what, tt := range cases {
			if shell != "dash" && tt.code == 1 && what != "another list" && what != "another archive" {
				continue // no other shell makes a difference there, and this takes a while
			}
			t.Run(what, func(t *testing.T) {
				r := newRelease(t)
				r.publish("1.1.0")
				m := r.on(t, shell)
				if tt.prepare != nil {
					tt.prepare(r, m)
				}
				m.must(tt.code, tt.says, r.script, tt.args...)
				if got := files(t, m.work); len(got) > 0 {
					t.Errorf("there is %q now", got)
				}
			})
		}
	})
}

// posing is a signature that names another key than its own.
func posing(t *testing.T, signature []byte, as minisign.PrivateKey) []byte {
	t.Helper()
	var s minisign.Signature
	if err := s.UnmarshalText(signature); err != nil {
		t.Fatal(err)
	}
	s.KeyID = as.ID()
	text, err := s.MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestOtherTools installs on machines that have other tools, or another processor.
func TestOtherTools(t *testing.T) {
	t.Parallel()
	verifier := filepath.Join(t.TempDir(), "minisign")
	if out, err := exec.Command("go", "build", "-o", verifier, "aead.dev/minisign/cmd/minisign").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	each(t, func(t *testing.T, shell string) {
		if shell == "bash" {
			return // it has dash's tools
		}
		for what, tt := range map[string]struct {
			prepare func(m *machine)
			arch    string
		}{
			"wget alone":     {func(m *machine) { m.without("curl") }, "amd64"},
			"curl alone":     {func(m *machine) { m.without("wget") }, "amd64"},
			"ARM64":          {func(m *machine) { m.fake("uname", "case $1 in -s) echo Linux ;; *) echo aarch64 ;; esac") }, "arm64"},
			"minisign":       {func(m *machine) { m.without("openssl").link("minisign", verifier) }, "amd64"},
			"no sha256sum":   {func(m *machine) { m.without("sha256sum") }, "amd64"},
			"nothing to ask": {func(m *machine) { m.without("getconf") }, "amd64"},
		} {
			t.Run(what, func(t *testing.T) {
				r := newRelease(t)
				r.publish("1.1.0")
				m := r.on(t, shell)
				if tt.arch == "amd64" {
					m.fake("uname", "case $1 in -s) echo Linux ;; *) echo x86_64 ;; esac")
				}
				tt.prepare(m)
				m.must(0, "1.1.0 is installed", r.script)
				if out, err := os.ReadFile(m.program()); err != nil || !strings.Contains(string(out), "linux/"+tt.arch) {
					t.Errorf("%v: %s", err, out)
				}
				if what == "minisign" {
					r.files["v1.1.0/checksums.txt"] = append(r.files["v1.1.0/checksums.txt"], '\n')
					m.must(1, "signature", r.script)
				}
			})
		}
	})
}

// TestRoot has root do the move alone, or does without.
func TestRoot(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, shell string) {
		r := newRelease(t)
		r.publish("1.1.0")

		m := r.on(t, shell).asAlice()
		if err := os.Chmod(m.prefix(), 0o555); err != nil {
			t.Fatal(err)
		}
		own := filepath.Join(m.home(), ".local")
		m.must(0, "    "+own+"/bin/openalgo-install --answers", r.script)
		if got := files(t, own); !slices.Contains(got, "bin/openalgo-install") {
			t.Errorf("in %s: %q", own, got)
		}
		m.must(0, "already installed in "+own, r.script)

		// A sudo that notes what it is for, and cannot change who one is.
		for _, name := range []string{"sudo", "doas"} {
			if name == "doas" && shell == "bash" {
				break
			}
			m := r.on(t, shell).asAlice().fake(name, `echo "$*" >>"$HOME/sudo"`+"\n"+`[ "$1" != -n ] || shift`+"\n"+`exec "$@"`)
			out, _ := m.run(r.script)
			note, err := os.ReadFile(filepath.Join(m.home(), "sudo"))
			calls := strings.Count(string(note), "\n-n true") + strings.Count(string(note), "-n true\n")
			if os.Geteuid() != 0 {
				continue // everything here belongs to who runs the test
			}
			if err != nil || calls != 1 || !strings.Contains(string(note), "\nsh -c umask 022") {
				t.Errorf("%s, %v: %s\n%s", name, err, note, out)
			}
		}
	})
}

// TestAsRoot needs no sudo, and leaves files that everybody may read and root alone write.
func TestAsRoot(t *testing.T) {
	t.Parallel()
	testuser.Root(t)
	r := newRelease(t)
	r.publish("1.1.0")
	m := r.on(t, "dash").fake("sudo", "exit 9")
	m.must(0, "is installed in", r.script)
	for _, name := range files(t, m.prefix()) {
		info, err := os.Stat(filepath.Join(m.prefix(), name))
		if err != nil || info.Mode().Perm()&0o022 != 0 || info.Mode().Perm()&0o444 != 0o444 {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}
}

// TestAsRootWithTheHomeOfAnother runs and replaces nothing there, as some sudo leaves HOME.
func TestAsRootWithTheHomeOfAnother(t *testing.T) {
	t.Parallel()
	testuser.Root(t)
	each(t, func(t *testing.T, shell string) {
		r := newRelease(t)
		r.publish("1.1.0")
		m := r.on(t, shell)
		theirs, ran := filepath.Join(m.home(), ".local", "bin", "openalgo-install"), filepath.Join(m.work, "ran")
		if err := os.MkdirAll(filepath.Dir(theirs), 0o755); err != nil {
			t.Fatal(err)
		}
		write(t, theirs, "#!/bin/sh\n: >"+ran+"\necho openalgo-install 1.0.0\n")
		m.must(0, "is installed in "+m.prefix(), r.script)
		m.must(0, "is removed from "+m.prefix(), r.script, "--uninstall")
		if _, err := os.Stat(ran); err == nil {
			t.Error("a program of somebody else ran as root")
		}
		if _, err := os.Stat(theirs); err != nil {
			t.Error(err)
		}
	})
}

package host

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// program puts a script of that name first on the PATH, which notes its calls.
func program(t *testing.T, name, script string) (calls func() string) {
	t.Helper()
	dir := t.TempDir()
	log := filepath.Join(dir, "calls")
	text := "#!/bin/sh\necho \"$*\" >>" + log + "\n" + script
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	return func() string {
		text, _ := os.ReadFile(log)
		return string(text)
	}
}

const ufwStatus = `Status: active

To                         Action      From
--                         ------      ----
2222/tcp                   ALLOW       Anywhere
443/udp                    ALLOW       Anywhere
80,8080:8090/tcp           ALLOW       Anywhere
443                        ALLOW       10.0.0.0/8
2222/tcp (v6)              ALLOW       Anywhere (v6)
`

func TestUfw(t *testing.T) {
	for port, want := range map[int]bool{80: true, 443: false, 8085: true, 2222: true, 22: false} {
		if got := ufwAllows(ufwStatus, port); got != want {
			t.Errorf("%d: %v", port, got)
		}
	}
	if !ufwAllows("Status: active\nNginx Full                 ALLOW       Anywhere\n", 443) {
		t.Error("a profile is not known")
	}
	calls := program(t, "ufw", "[ \"$1\" = status ] && cat <<'EOF'\n"+ufwStatus+"EOF\nexit 0\n")
	told := Firewall(t.Context(), 80, 443)
	if len(told) != 1 || !strings.Contains(told[0].Text, "blocks port 443") || !slices.Equal(told[0].Commands, []string{"sudo ufw allow 443"}) {
		t.Error(told)
	}
	done, err := OpenPorts(t.Context(), 80, 443)
	if err != nil || len(done) != 1 || !strings.Contains(calls(), "allow 443\n") {
		t.Error(done, err, calls())
	}
	for _, never := range []string{"enable", "default", "reset", "allow 80\n"} {
		if strings.Contains(calls(), never) {
			t.Errorf("ufw was called with %q", never)
		}
	}
}

// Its words are translated.
func TestUfwOfAnotherLanguage(t *testing.T) {
	t.Setenv("LC_ALL", "de_DE.UTF-8")
	program(t, "ufw", "[ \"$LC_ALL\" = C ] || { echo 'Status: Aktiv'; exit 0; }\ncat <<'EOF'\n"+ufwStatus+"EOF\nexit 0\n")
	if told := Firewall(t.Context(), 443); len(told) != 1 {
		t.Error(told)
	}
}

func TestUfwThatIsOffStaysOff(t *testing.T) {
	t.Setenv("PATH", t.TempDir()) // none of this machine's own
	calls := program(t, "ufw", "echo 'Status: inactive'\n")
	if told := Firewall(t.Context(), 80); len(told) != 0 {
		t.Error(told)
	}
	if done, err := OpenPorts(t.Context(), 80); err != nil || len(done) != 0 || strings.Contains(calls(), "allow") {
		t.Error(done, err, calls())
	}
}

func TestFirewalld(t *testing.T) {
	calls := program(t, "firewall-cmd", `case "$1" in
--state) echo running ;;
--list-services) echo "ssh http dhcpv6-client" ;;
--query-port=*) exit 1 ;;
esac
`)
	told := Firewall(t.Context(), 80, 443)
	if len(told) != 1 || !strings.Contains(told[0].Text, "port 443") || strings.Contains(told[0].Text, "port 80 ") || len(told[0].Commands) != 2 {
		t.Error(told)
	}
	done, err := OpenPorts(t.Context(), 80, 443)
	if err != nil || len(done) != 1 || !strings.Contains(calls(), "--permanent --add-port=443/tcp\n") || strings.Contains(calls(), "add-port=80") {
		t.Error(done, err, calls())
	}
}

func TestNftables(t *testing.T) {
	t.Setenv("PATH", t.TempDir()) // none of this machine's own
	program(t, "nft", "echo 'table inet filter {'\necho ' chain input {'\necho '  type filter hook input priority 0; policy drop;'\n")
	if told := Firewall(t.Context(), 443); len(told) != 1 || !strings.Contains(told[0].Text, "nftables on this machine blocks") {
		t.Error(told)
	}
	// ufw itself has such a chain, and what it lets in was read already.
	program(t, "ufw", "echo 'Status: active'\necho '443   ALLOW   Anywhere'\n")
	if told := Firewall(t.Context(), 443); len(told) != 0 {
		t.Error(told)
	}
}

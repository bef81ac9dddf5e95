package e2e_test

import (
	"bytes"
	"strings"
	"syscall"
	"testing"
)

// meanwhile runs a command that waits right before it takes the lock, until
// another one has ended.
func (i *instance) meanwhile(waiting, other []string) {
	i.t.Helper()
	cmd := i.command(append(waiting, "--now")...)
	cmd.Env = append(cmd.Env, "OPENALGO_FAILPOINT=before-lock:STOP")
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		i.t.Fatal(err)
	}
	i.waitStopped(cmd.Process.Pid)
	if out := i.run(append(other, "--now")...); out.code != 0 {
		i.t.Errorf("%v: exit %d\n%s", other, out.code, out.all())
	}
	if err := cmd.Process.Signal(syscall.SIGCONT); err != nil {
		i.t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		i.t.Fatalf("%v: %v\n%s", waiting, err, said.String())
	}
}

// What one run did while another waited for the lock stays done.
func TestTwoChangesAtOnce(t *testing.T) {
	t.Parallel()
	i, repository, config := upgradable(t)
	i.program = failing
	const name = "algo.example.com"
	i.meanwhile([]string{"set", "LOG_LEVEL=DEBUG"}, []string{"domain", name, "--tls", "off", "--no-dns-check"})
	if i.value("LOG_LEVEL") != "DEBUG" || i.value("HOST_SERVER") != "https://"+name {
		t.Errorf("LOG_LEVEL is %s, HOST_SERVER %s: a change is lost", i.value("LOG_LEVEL"), i.value("HOST_SERVER"))
	}
	release(t, repository+":2", config, "NEW_IN_TWO = 'yes'")
	i.meanwhile([]string{"upgrade", "--to", "2"}, []string{"set", "LOG_LEVEL=ERROR"})
	if i.value("LOG_LEVEL") != "ERROR" || i.value("NEW_IN_TWO") != "yes" || i.container().Image != repository+":2" {
		t.Errorf("LOG_LEVEL is %s, NEW_IN_TWO %s, the image %s: a change is lost", i.value("LOG_LEVEL"), i.value("NEW_IN_TWO"), i.container().Image)
	}
	ram := "512MiB"
	if i.value("SHM_SIZE") == "256m" { // many share the machine now
		ram = "512GB"
	}
	i.meanwhile([]string{"resize", "--ram", ram, "--yes"}, []string{"set", "LOG_LEVEL=INFO"})
	saved := i.read("openalgo-install.yaml")
	if i.value("LOG_LEVEL") != "INFO" || !strings.Contains(saved, name) || !strings.Contains(saved, "INFO") || !strings.Contains(saved, repository+":2") {
		t.Errorf("LOG_LEVEL is %s: a change is lost. The answers:\n%s", i.value("LOG_LEVEL"), saved)
	}
	// The answers that an install left are those of the last change, too.
	i.meanwhile([]string{"set", "LOG_LEVEL=DEBUG"}, []string{"set", "MY_OWN=1"})
	if i.value("MY_OWN") != "1" || !strings.Contains(i.read("openalgo-install.yaml"), "MY_OWN") {
		t.Error("MY_OWN is lost")
	}
}

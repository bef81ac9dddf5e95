package e2e_test

import (
	"bufio"
	"encoding/json"
	"syscall"
	"testing"
	"time"
)

// On a machine with an OpenAlgo the program opens the dashboard: details, log, a command
// and back, and a terminal that is as it was.
func TestDashboard(t *testing.T) {
	t.Parallel()
	i := newInstance(t)
	i.install(0)
	c := i.console().sees("ready, up", "Zerodha").types("l").sees(": log", "Following").types("/", "websocket"+enter).sees("found").
		types(esc).sees("Certificate").types("a").sees("Back up keys and databases").types(esc).sees("Certificate")
	// A command shows its plan and asks, whatever the market does.
	before := i.container().StartedAt
	c.types("r").sees("$ openalgo-install --dir", "Type yes to confirm").types("no" + enter).sees("Press Enter to return").types(enter).sees("Certificate")
	if i.container().StartedAt != before {
		t.Error("it was restarted without a yes")
	}
	// Ctrl+C ends the command, and not the dashboard.
	c.types("s").sees("Type yes to confirm").types(ctrlC).sees("Press Enter to return").types(enter).sees("ready, up")
	c.types("s").sees("Type yes to confirm").types("yes"+enter).sees("Press Enter to return").types(enter).sees("stopped ", "s Start")
	c.size(40, 20).sees("stopped ").size(30, 8).sees("This terminal").size(80, 24).sees("s Start")
	c.types("q").ends(0)
	c.noSecret()
}

// status --watch says at once what changes, and with --json each line is a document.
func TestStatusWatch(t *testing.T) {
	t.Parallel()
	i := newInstance(t)
	i.install(0)
	cmd := i.command("status", "--watch", "--json", "--every", "1h")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	until := func(state string) {
		t.Helper()
		for n := 0; lines.Scan(); n++ {
			var doc struct{ Name, State string }
			if err := json.Unmarshal(lines.Bytes(), &doc); err != nil || doc.Name != i.project || n > 5 {
				t.Fatalf("%v: %s", err, lines.Text())
			}
			if doc.State == state {
				return
			}
		}
		t.Fatalf("%s does not come", state)
	}
	until("ready")
	if err := docker.Stop(t.Context(), i.container().ID, 5*time.Second); err != nil {
		t.Fatal(err)
	}
	until("stopped")
	_ = cmd.Process.Signal(syscall.SIGINT)
	for lines.Scan() {
		t.Errorf("after Ctrl+C: %s", lines.Text())
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("Ctrl+C: %v", err)
	}
	if out := i.run("status", "--watch", "--every", "1s"); out.code != 2 {
		t.Errorf("too often: exit %d", out.code)
	}
}

package e2e_test

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/compose"
)

// What only a new version of the program writes into docker-compose.yaml is
// worth no outage: it comes with the next change.
func TestFewerRightsComeWithTheNextChange(t *testing.T) {
	t.Parallel()
	i := newInstance(t)
	i.install(0)
	rendered := i.read(compose.FileName)
	if !strings.Contains(rendered, "cap_drop: [ALL]") {
		t.Fatalf("docker-compose.yaml drops no capabilities:\n%s", rendered)
	}
	earlier := string(compose.Earlier([]byte(rendered))[1])
	sum := func(text string) string { s := sha256.Sum256([]byte(text)); return hex.EncodeToString(s[:]) }
	state := strings.Replace(i.read(".openalgo-install/state.json"), sum(rendered), sum(earlier), 1)
	for name, text := range map[string]string{compose.FileName: earlier, ".openalgo-install/state.json": state} {
		if err := os.WriteFile(i.path(name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}

	out := i.run("--answers", i.answers, "--dry-run", "--json")
	if strings.Contains(out.stdout, `"name":"`+i.path(compose.FileName)) {
		t.Errorf("the file alone is a reason for a change:\n%s", out.all())
	}
	if out := i.run("set", "--now", "LOG_LEVEL=DEBUG"); out.code != 0 {
		t.Fatalf("set: exit %d\n%s", out.code, out.all())
	}
	if now := i.read(compose.FileName); now != rendered {
		t.Errorf("after a change the file is\n%s", now)
	}
	i.mustBeReady()
}

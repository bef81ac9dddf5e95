package answers_test

import (
	"testing"

	"github.com/marketcalls/openalgo-install/internal/answers"
)

// What was typed is read as what it means, and comes back as it was typed.
func TestTyped(t *testing.T) {
	typed := map[string]string{"domain": "algo.example.com", "broker.name": "zerodha", "ports.web": "5001", "sizing.threads": "auto",
		"sizing.shm_size": "512m", "remote_mcp.enabled": "yes", "tls.certbot": "no", "image.source": "registry", "image.ref": "marketcalls/openalgo:2.0"}
	text, err := answers.Compose(typed, map[string]string{"broker.api_key": "KEY", "broker.api_secret": "SECRET"})
	if err != nil {
		t.Fatal(err)
	}
	a, problems := answers.Parse(text, answers.Lookup{Env: func(name string) (string, bool) { return "of-" + name, true }})
	if len(problems) > 0 || a.Ports.Web != 5001 || !a.RemoteMCP.Enabled || a.Sizing.ShmMiB != 512 || a.Broker.APIKey.Reveal() != "of-KEY" {
		t.Errorf("%v in:\n%s", problems, text)
	}
	saved, err := a.Public()
	if err != nil {
		t.Fatal(err)
	}
	again := answers.Texts(saved)
	for key, want := range typed {
		if key == "tls.certbot" || key == "sizing.shm_size" { // what is usual is left out; memory is in MiB
			continue
		}
		if again[key] != want {
			t.Errorf("%s: %q, want %q", key, again[key], want)
		}
	}
}

// A text that is not right is not made right.
func TestTypedWrongly(t *testing.T) {
	text, err := answers.Compose(map[string]string{"broker.name": "zerodha", "ports.web": "many", "broker.api_key": "abcdefghij", "broker.api_secret": "abcdefghij"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, problems := answers.Parse(text, answers.Lookup{}); len(problems) != 1 || problems[0].Key != "ports.web" {
		t.Errorf("%v in:\n%s", problems, text)
	}
}

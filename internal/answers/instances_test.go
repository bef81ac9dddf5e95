package answers_test

import (
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/answers"
)

const several = `version: 1
broker: {name: zerodha, api_key: k, api_secret: s}
image: {source: rehearsal}
env: {LOG_LEVEL: DEBUG}
instances:
  - name: alpha
    domain: a.example.com
  - domain: b.c.example.com
    broker: {name: dhan, api_key: "1:::k", api_secret: s}
    env: {LOG_LEVEL: INFO}
  - {name: gamma, ports: {web: 6000, websocket: 6001}}
`

func TestParseAll(t *testing.T) {
	all, problems := answers.ParseAll([]byte(several), lookup)
	if len(problems) > 0 || len(all) != 3 {
		t.Fatal(all, problems)
	}
	for i, want := range []struct {
		name, domain, broker, level string
		auto                        bool
	}{
		{"alpha", "a.example.com", "zerodha", "DEBUG", true},
		{"b-c-example-com", "b.c.example.com", "dhan", "INFO", true},
		{"gamma", "", "zerodha", "DEBUG", false},
	} {
		n := all[i]
		if n.Name != want.name || n.Answers.Domain != want.domain || n.Answers.Broker.Name != want.broker ||
			n.Answers.Env["LOG_LEVEL"].Reveal() != want.level || n.Answers.Ports.AutoWeb != want.auto || n.Answers.Image.Source != "rehearsal" {
			t.Errorf("%d: %+v", i, n)
		}
	}
	one, problems := answers.ParseAll([]byte(minimal), lookup)
	if len(problems) > 0 || len(one) != 1 || one[0].Name != "" {
		t.Error(one, problems)
	}
}

func TestParseAllMistakes(t *testing.T) {
	for change, want := range map[[2]string]string{
		{"name: alpha", "name: Alpha!"}:                        "6: instances[0].name: a name must consist",
		{"b.c.example.com", "a.example.com"}:                   "the domain a.example.com is used by alpha too",
		{"{name: gamma, ports", "{name: alpha, ports"}:         "the name alpha is used by alpha too",
		{"- name: alpha\n    domain", "- name: x\n    domian"}: "7: instances[0].domian: there is no such key",
		{"name: zerodha", "name: zerodaa"}:                     "2: broker.name: OpenAlgo has no broker",
		{"- name: alpha", "- version: 1\n    name: alpha"}:     "instances[0].version: write this once, at the top",
		{"instances:\n", "instances: none\nxx:\n"}:             "instances: this must be a list",
		{"{name: gamma, ports", "{ports"}:                      "instances[2].name: an instance needs a name or a domain",
	} {
		text := strings.Replace(several, change[0], change[1], 1)
		_, problems := answers.ParseAll([]byte(text), lookup)
		err := (&answers.Invalid{Problems: problems}).Error()
		if !strings.Contains(err, want) {
			t.Errorf("%q gives no %q:\n%s", change[1], want, err)
		}
		if n := strings.Count(err, "has no broker"); n > 1 {
			t.Errorf("a mistake at the top is told %d times", n)
		}
	}
}

package questions_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/questions"
)

const saved = `version: 1
domain: algo.example.com
broker: {name: zerodha}
image: {source: git, url: "https://github.com/marketcalls/openalgo", ref: main, dockerfile: theirs}
volumes: bind
data: {db: my_volume}
tls: {mode: auto, email: me@example.com, ca: "https://acme.example.com/dir", edge: {http: 8080, https: 8443}}
ports: {web: 5001, websocket: 8766, bind: 127.0.0.1}
sizing: {ram: 3910MiB, cores: auto, threads: 2, shm_size: auto, strategy_memory_mb: auto}
remote_mcp: {enabled: true, write_orders: true, require_approval: false}
docker: {install: false}
env: {LOG_LEVEL: DEBUG}
`

// To go through the questions of an instance and change nothing changes nothing.
func TestNothingIsLost(t *testing.T) {
	d := questions.Of([]byte(saved))
	a, problems := d.Answers()
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	before, problems := answers.ParseSaved([]byte(saved))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	one, _ := before.Public()
	two, _ := a.Public()
	if string(one) != string(two) {
		t.Errorf("before:\n%s\nafter:\n%s", one, two)
	}
	if !a.Broker.IsLater() || !d.Keeps() {
		t.Error("the secrets of the instance do not stay")
	}
}

// What only went with an answer that has changed goes with it.
func TestWhatGoesWithAChange(t *testing.T) {
	d := questions.Of([]byte(saved))
	d.Given[questions.KeyTLS], d.Given["image"] = "off", "rehearsal"
	a, problems := d.Answers()
	if len(problems) > 0 || a.TLS.CA != "" || a.Image.Dockerfile != "" || a.Volumes != "bind" || a.Env["LOG_LEVEL"].Reveal() != "DEBUG" {
		t.Errorf("%+v, %v", a, problems)
	}
	// Of another broker the instance has no secrets.
	d.Given[questions.KeyBroker] = "fyers"
	if _, problems := d.Answers(); len(problems) == 0 || d.Keeps() {
		t.Error("another broker needs no credentials")
	}
}

// Who adds a domain has not chosen a proxy of their own.
func TestTLSIsAskedWithTheFirstDomain(t *testing.T) {
	d := questions.Of([]byte("version: 1\nbroker: {name: zerodha}\ntls: {mode: off}\n"))
	d.Given[questions.KeyDomain] = "algo.example.com"
	if a, problems := d.Answers(); len(problems) > 0 || a.TLS.Mode != "auto" {
		t.Errorf("%+v, %v", a.TLS, problems)
	}
}

// Without an API key the answers are complete, and the file that is saved needs none.
func TestWithoutAKey(t *testing.T) {
	d := questions.New()
	d.Given[questions.KeyBroker], d.Given["has_api_key"] = "dhan", "no"
	a, problems := d.Answers()
	if len(problems) > 0 || !a.Broker.IsLater() {
		t.Errorf("%+v, %v", a.Broker, problems)
	}
	said, err := d.Save(filepath.Join(t.TempDir(), "answers.yaml"), false)
	if err != nil || strings.Contains(said, "environment") {
		t.Errorf("%s, %v", said, err)
	}
}

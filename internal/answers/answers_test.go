package answers_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v4"

	"github.com/marketcalls/openalgo-install/internal/answers"
)

const canary = "canary-4d1f"

var lookup = answers.Lookup{
	Env: func(name string) (string, bool) {
		v, ok := map[string]string{"BROKER_API_KEY": "k1234567", "BROKER_API_SECRET": "s1234567"}[name]
		return v, ok
	},
	ReadFile: func(path string) ([]byte, error) {
		if path == "/run/secret" {
			return []byte("from-file\n"), nil
		}
		return nil, fmt.Errorf("open %s: %w", path, os.ErrNotExist)
	},
}

const minimal = "version: 1\nbroker: {name: zerodha, api_key: k1234567, api_secret: s1234567}\n"

func TestDefaults(t *testing.T) {
	a, problems := answers.Parse([]byte(minimal), lookup)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	if a.Image.Source != "registry" || a.Image.Ref != answers.DefaultImage || a.TLS.Mode != "off" ||
		a.Ports != (answers.Ports{Web: 5000, WebSocket: 8765, Bind: "127.0.0.1"}) || !a.RemoteMCP.RequireApproval {
		t.Errorf("defaults: %+v", a)
	}
	if a.Origin() != "http://127.0.0.1:5000" {
		t.Errorf("origin %s", a.Origin())
	}
}

func TestSecrets(t *testing.T) {
	text := "version: 1\nbroker: {name: zerodha, api_key: {env: BROKER_API_KEY}, api_secret: {file: /run/secret}}\nenv: {NUMBER: 007, SMTP_PASSWORD: {file: /run/secret}}\n"
	a, problems := answers.Parse([]byte(text), lookup)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	if a.Broker.APIKey.Reveal() != "k1234567" || a.Broker.APISecret.Reveal() != "from-file" ||
		a.Env["NUMBER"].Reveal() != "007" || a.Env["SMTP_PASSWORD"].Reveal() != "from-file" {
		t.Error("a secret was read wrong")
	}
}

func TestMistakes(t *testing.T) {
	cases := []struct {
		name, text, key, message string
		line                     int
	}{
		{"empty", "", "", "empty", 0},
		{"comments alone", "# nothing\n", "", "empty", 0},
		{"not yaml", "version: 1\nbroker: {name: [\n", "", "not YAML", 3},
		{"a list", "- 1\n", "", "key: value", 1},
		{"two documents", minimal + "---\nversion: 1\n", "", "second document", 3},
		{"unknown key", minimal + "brokr: x\n", "brokr", `"broker"`, 3},
		{"unknown key inside", minimal + "ports: {web: 1, wbsocket: 2}\n", "ports.wbsocket", "no such key", 3},
		{"repeated key", minimal + "version: 1\n", "version", "line 1", 3},
		{"alias", minimal + "image: &a {source: rehearsal}\n", "image", "anchors", 3},
		{"no version", "broker: {name: zerodha, api_key: k1234567, api_secret: s1234567}\n", "version", "version: 1", 1},
		{"version 2", "version: 2\nbroker: {name: zerodha, api_key: k1234567, api_secret: s1234567}\n", "version", "version: 1", 1},
		{"type", minimal + "ports: {web: many}\n", "ports.web", "whole number", 3},
		{"section", minimal + "ports: 5000\n", "ports", "section", 3},
		{"boolean", minimal + "docker: {install: perhaps}\n", "docker.install", "true nor false", 3},
		{"no broker", "version: 1\n", "broker.name", "name your broker", 1},
		{"unknown broker", "version: 1\nbroker:\n  name: zeroda\n", "broker.name", `"zerodha"`, 3},
		{"no secret", "version: 1\nbroker:\n  name: zerodha\n  api_key: k1234567\n", "broker.api_secret", "", 3},
		{"xts", "version: 1\nbroker: {name: iifl, api_key: k1234567, api_secret: s1234567}\n", "broker.market_api_key", "", 2},
		{"composite", "version: 1\nbroker: {name: fivepaisa, api_key: k1234567, api_secret: s1234567}\n", "broker.api_key", ":::", 2},
		{"both references", "version: 1\nbroker: {name: zerodha, api_key: {env: A, file: b}, api_secret: s1234567}\n", "broker.api_key", "either", 2},
		{"unset variable", "version: 1\nbroker: {name: zerodha, api_key: {env: NOPE}, api_secret: s1234567}\n", "broker.api_key", "NOPE is not set", 2},
		{"unreadable file", "version: 1\nbroker: {name: zerodha, api_key: {file: /nope}, api_secret: s1234567}\n", "broker.api_key", "/nope", 2},
		{"scheme", minimal + "domain: https://a.example.com\n", "domain", "scheme", 3},
		{"domain with a port", minimal + "domain: a.example.com:443\n", "domain", "port", 3},
		{"ip as domain", minimal + "domain: 10.0.0.1\n", "domain", "IP address", 3},
		{"bad domain", minimal + "domain: a..b\n", "domain", "algo.example.com", 3},
		{"port range", minimal + "ports: {web: 70000}\n", "ports.web", "65535", 3},
		{"ports equal", minimal + "ports: {web: 5000, websocket: 5000}\n", "ports.websocket", "differ", 3},
		{"bind", minimal + "ports: {bind: eth0}\n", "ports.bind", "127.0.0.1", 3},
		{"image source", minimal + "image: {source: hub}\n", "image.source", "registry", 3},
		{"image ref", minimal + "image: {ref: 'a b'}\n", "image.ref", "reference", 3},
		{"git without url", minimal + "image: {source: git}\n", "image.url", "url", 3},
		{"ref that would be passed over", minimal + "image: {source: rehearsal, ref: a}\n", "image.ref", "counts for", 3},
		{"tls without domain", minimal + "tls: {mode: auto}\n", "tls.mode", "domain", 3},
		{"tls files", minimal + "domain: a.example.com\ntls: {mode: files}\n", "tls.mode", "cert", 4},
		{"email", minimal + "domain: a.example.com\ntls: {email: me}\n", "tls.email", "me@example.com", 4},
		{"ram", minimal + "sizing: {ram: lots}\n", "sizing.ram", "size", 3},
		{"threads", minimal + "sizing: {threads: 0}\n", "sizing.threads", "above 0", 3},
		{"mcp without domain", minimal + "remote_mcp: {enabled: true}\n", "remote_mcp.enabled", "domain", 3},
		{"key material", minimal + "env: {API_KEY_PEPPER: x}\n", "env.API_KEY_PEPPER", "never taken from answers", 3},
		{"owned", minimal + "env: {BROKER_API_KEY: x}\n", "env.BROKER_API_KEY", "broker.api_key", 3},
		{"sizing key", minimal + "env: {OMP_NUM_THREADS: 1}\n", "env.OMP_NUM_THREADS", "sizing.threads", 3},
		{"fixed", minimal + "env: {WEBSOCKET_PORT: 1}\n", "env.WEBSOCKET_PORT", "ports", 3},
		{"two lines", minimal + "env: {A: \"a\\nb\"}\n", "env.A", "more than one line", 3},
		{"key name", minimal + "env: {A-B: x}\n", "env.A-B", "no name", 3},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, problems := answers.Parse([]byte(c.text), lookup)
			for _, p := range problems {
				if p.Key == c.key && strings.Contains(p.Message, c.message) && p.Line == c.line {
					return
				}
			}
			t.Errorf("no problem of %q in line %d with %q, but %+v", c.key, c.line, c.message, problems)
		})
	}
}

func TestAllAtOnceByLine(t *testing.T) {
	_, problems := answers.Parse([]byte("version: 3\nports: {web: 0}\nbrokr: x\ndomain: 'a b'\n"), lookup)
	var keys []string
	for _, p := range problems {
		keys = append(keys, p.Key)
	}
	got := strings.Join(keys, " ")
	for _, key := range []string{"version", "ports.web", "brokr", "domain", "broker.name"} {
		if !strings.Contains(got, key) {
			t.Errorf("%s is missing in %s", key, got)
		}
	}
	err := error(&answers.Invalid{Problems: problems})
	var invalid *answers.Invalid
	if !errors.As(err, &invalid) || !strings.Contains(err.Error(), "line 2: ports.web:") {
		t.Errorf("error text:\n%v", err)
	}
}

func TestMessagesHoldNoSecret(t *testing.T) {
	text := "version: 1\nbroker: {name: iifl, api_key: \" " + canary + " \", api_secret: \"" + canary + "\\n\"}\nenv: {A: \"" + canary + "\\nb\", APP_KEY: " + canary + "}\n"
	_, problems := answers.Parse([]byte(text), lookup)
	if len(problems) < 4 {
		t.Errorf("only %d problems", len(problems))
	}
	if strings.Contains(fmt.Sprint(problems), canary) {
		t.Errorf("a message holds a secret: %v", problems)
	}
}

func TestSavedAnswersComeBack(t *testing.T) {
	text := minimal + "domain: Algo.Example.com\ntls: {mode: off}\nports: {web: 5001, websocket: 8766}\nsizing: {ram: 4GB, threads: 2}\n" +
		"image: {ref: \"reg.example.com:5000/openalgo:2.0\"}\nenv: {LOG_LEVEL: DEBUG, SMTP_PASSWORD: " + canary + ", BROKER_PIN: 1234}\nremote_mcp: {enabled: true}\n"
	a, problems := answers.Parse([]byte(text), lookup)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	saved, err := a.Public()
	if err != nil {
		t.Fatal(err)
	}
	for _, hidden := range []string{canary, "k1234567", "s1234567", "1234"} {
		if bytes.Contains(saved, []byte(hidden)) {
			t.Errorf("%q is in the saved answers:\n%s", hidden, saved)
		}
	}
	b, problems := answers.ParseSaved(saved)
	if len(problems) > 0 {
		t.Fatalf("%v\n%s", problems, saved)
	}
	again, err := b.Public()
	if err != nil || !bytes.Equal(saved, again) {
		t.Errorf("saved:\n%s\nread back:\n%s", saved, again)
	}
	if b.Domain != "algo.example.com" || b.Sizing.RAMMiB != 4096 || b.Env["LOG_LEVEL"].Reveal() != "DEBUG" {
		t.Errorf("read back: %+v", b)
	}
}

func TestPlainSecrets(t *testing.T) {
	for text, want := range map[string]bool{
		minimal: true,
		"version: 1\nbroker: {name: zerodha, api_key: {env: A}}\n":             false,
		"version: 1\nbroker: {name: zerodha}\nenv: {LOG_LEVEL: DEBUG}\n":       false,
		"version: 1\nbroker: {name: zerodha}\nenv: {SMTP_PASSWORD: hunter2}\n": true,
		"not: [yaml": false,
	} {
		if got := answers.HasPlainSecrets([]byte(text)); got != want {
			t.Errorf("HasPlainSecrets(%q) = %v", text, got)
		}
	}
}

func TestExampleIsRight(t *testing.T) {
	if _, problems := answers.Parse(answers.Example(), lookup); len(problems) > 0 {
		t.Error(problems)
	}
}

func TestSchemaAgreesWithTheParser(t *testing.T) {
	var doc any
	if err := json.Unmarshal(answers.Schema(), &doc); err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("answers.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("answers.json")
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]bool{
		string(answers.Example()):                       true,
		minimal:                                         true,
		minimal + "brokr: x\n":                          false,
		minimal + "ports: {web: many}\n":                false,
		minimal + "ports: {web: 70000}\n":               false,
		minimal + "sizing: {ram: 4GB, threads: auto}\n": true,
		minimal + "sizing: {threads: 0}\n":              false,
		minimal + "docker: {install: perhaps}\n":        false,
		minimal + "env: {A: {file: /run/secret}}\n":     true,
		minimal + "env: {A-B: x}\n":                     false,
		minimal + "image: {source: hub}\n":              false,
		"version: 1\n":                                  false,
		"version: 2\nbroker: {name: zerodha}\n":         false,
		"version: 1\nbroker: {name: zerodha, api_key: {env: A, file: b}, api_secret: s}\n": false,
	} {
		var instance any
		if err := yaml.Unmarshal([]byte(text), &instance); err != nil {
			t.Fatal(err)
		}
		_, problems := answers.Parse([]byte(text), lookup)
		if got := schema.Validate(instance) == nil; got != want || (len(problems) == 0) != want {
			t.Errorf("schema says %v, the parser %v, want %v for:\n%s", got, problems, want, text)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(minimal))
	f.Add(answers.Example())
	f.Add([]byte("version: 1\nbroker: {name: &a zerodha, <<: *a}\nenv:\n  ? [a]\n  : b\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		a, problems := answers.Parse(data, lookup)
		for _, p := range problems {
			if p.Line < 1 && !strings.Contains(p.Message, "empty") {
				t.Errorf("a problem without a line: %+v", p)
			}
		}
		if len(problems) > 0 {
			return
		}
		saved, err := a.Public()
		if err != nil {
			t.Fatal(err)
		}
		if _, problems := answers.ParseSaved(saved); len(problems) > 0 {
			t.Errorf("saved answers are not read back: %v\n%s", problems, saved)
		}
	})
}

package answers_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/answers"
)

const canary = "canary-4d1f"

var lookup = answers.Lookup{
	Env: func(name string) (string, bool) {
		v, ok := map[string]string{"BROKER_API_KEY": "k1234567", "BROKER_API_SECRET": "s1234567", "EMPTY": ""}[name]
		return v, ok
	},
	ReadFile: func(path string) ([]byte, error) {
		switch path {
		case "/run/secret":
			return []byte("from-file\n"), nil
		case "/run/credentials/x.service/key":
			return []byte("from-systemd"), nil
		case "/run/binary":
			return []byte("\xff\xfe"), nil
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
		a.Ports != (answers.Ports{Web: 5000, WebSocket: 8765, AutoWeb: true, AutoWebSocket: true, Bind: "127.0.0.1"}) || !a.RemoteMCP.RequireApproval {
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

// systemd names the directory of a service's credentials in its environment alone.
func TestCredentialOfSystemd(t *testing.T) {
	text := []byte("version: 1\nbroker: {name: zerodha, api_key: {file: $CREDENTIALS_DIRECTORY/key}, api_secret: s1234567}\n")
	service := answers.Lookup{ReadFile: lookup.ReadFile, Env: func(name string) (string, bool) {
		return "/run/credentials/x.service", name == "CREDENTIALS_DIRECTORY"
	}}
	if a, problems := answers.Parse(text, service); len(problems) > 0 || a.Broker.APIKey.Reveal() != "from-systemd" {
		t.Errorf("in a service: %v", problems)
	}
	_, problems := answers.Parse(text, lookup)
	if len(problems) != 1 || problems[0].Key != "broker.api_key" || !strings.Contains(problems[0].Message, "CREDENTIALS_DIRECTORY is not set") {
		t.Errorf("elsewhere: %v", problems)
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
		{"boolean", minimal + "docker: {install: perhaps}\n", "docker.install", "not true or false", 3},
		{"no broker", "version: 1\n", "broker.name", "choose your broker", 1},
		{"unknown broker", "version: 1\nbroker:\n  name: zeroda\n", "broker.name", `"zerodha"`, 3},
		{"no secret", "version: 1\nbroker:\n  name: zerodha\n  api_key: k1234567\n", "broker.api_secret", "missing", 2},
		{"xts", "version: 1\nbroker: {name: iifl, api_key: k1234567, api_secret: s1234567}\n", "broker.market_api_key", "", 2},
		{"composite", "version: 1\nbroker: {name: fivepaisa, api_key: k1234567, api_secret: s1234567}\n", "broker.api_key", ":::", 2},
		{"both references", "version: 1\nbroker: {name: zerodha, api_key: {env: A, file: b}, api_secret: s1234567}\n", "broker.api_key", "both env and file", 2},
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
		{"git without url", minimal + "image: {source: git}\n", "image.url", "needs an address", 3},
		{"ref that would be passed over", minimal + "image: {source: rehearsal, ref: a}\n", "image.ref", "used only with", 3},
		{"tls without domain", minimal + "tls: {mode: auto}\n", "tls.mode", "domain", 3},
		{"tls files", minimal + "domain: a.example.com\ntls: {mode: files}\n", "tls.cert", "/etc/ssl", 4},
		{"tls files without key", minimal + "domain: a.example.com\ntls: {mode: files, cert: /c.pem}\n", "tls.key", "/etc/ssl", 4},
		{"email", minimal + "domain: a.example.com\ntls: {email: me}\n", "tls.email", "me@example.com", 4},
		{"ram", minimal + "sizing: {ram: lots}\n", "sizing.ram", "4GB", 3},
		{"threads", minimal + "sizing: {threads: 0}\n", "sizing.threads", "above 0", 3},
		{"mcp without domain", minimal + "remote_mcp: {enabled: true}\n", "remote_mcp.enabled", "domain", 3},
		{"key material", minimal + "env: {API_KEY_PEPPER: x}\n", "env.API_KEY_PEPPER", "cannot set encryption keys", 3},
		{"owned", minimal + "env: {BROKER_API_KEY: x}\n", "env.BROKER_API_KEY", "broker.api_key", 3},
		{"sizing key", minimal + "env: {OMP_NUM_THREADS: 1}\n", "env.OMP_NUM_THREADS", "sizing.threads", 3},
		{"fixed", minimal + "env: {WEBSOCKET_PORT: 1}\n", "env.WEBSOCKET_PORT", "ports", 3},
		{"two lines", minimal + "env: {A: \"a\\nb\"}\n", "env.A", "line break", 3},
		{"null alone", "---\n~\n", "", "empty", 0},
		{"not UTF-8", "version: 1\ndomain: caf\xe9\n", "", "UTF-8", 2},
		{"UTF-16", "\xff\xfev\x00", "", "UTF-8", 1},
		{"tab", minimal + "ports:\n\tweb: 1\n", "", "tab", 4},
		{"anchor on all", "&a\n" + minimal, "", "anchors", 1},
		{"anchor on a key", minimal + "&a domain: a.example.com\n", "", "Write plain keys", 3},
		{"merge key", minimal + "ports: {<<: {web: 1}}\n", "ports", "merge keys", 3},
		{"key that is a list", minimal + "? [a]\n: b\n", "", "not words", 3},
		{"vault", "version: 1\nbroker:\n  name: zerodha\n  api_secret: s1234567\n  api_key: !vault |\n    6162\n", "broker.api_key", "tags", 5},
		{"tag on a boolean", minimal + "docker: {install: !!bool yes}\n", "docker.install", "tags", 3},
		{"unknown key, two letters swapped", minimal + "remote_mcp: {enabeld: true}\n", "remote_mcp.enabeld", `"enabled"`, 3},
		{"unknown key, capital", minimal + "Domain: a.example.com\n", "Domain", `"domain"`, 3},
		{"unknown key, dash", minimal + "sizing: {shm-size: 1g}\n", "sizing.shm-size", `"shm_size"`, 3},
		{"unknown key, like none", minimal + "colour: red\n", "colour", "possible here: backup, broker, data, docker", 3},
		{"no space after the colon", "version: 1\nbroker: {name: zerodha, api_key:k1234567, api_secret: s1234567}\n", "broker", "space after the colon", 2},
		{"no blank after the colon, env", minimal + "env: {LOG_LEVEL:DEBUG}\n", "env", "LOG_LEVEL: DEBUG", 3},
		{"template", "version: 1\nbroker: {name: zerodha, api_key: {{ key }}, api_secret: s1234567}\n", "broker.api_key", "template", 2},
		{"secret as a list", "version: 1\nbroker: {name: zerodha, api_key: [k1234567], api_secret: s1234567}\n", "broker.api_key", "{env: NAME}", 2},
		{"reference to nothing", "version: 1\nbroker: {name: zerodha, api_key: {env: }, api_secret: s1234567}\n", "broker.api_key", "is empty", 2},
		{"variable with a dollar", "version: 1\nbroker: {name: zerodha, api_key: {env: $A}, api_secret: s1234567}\n", "broker.api_key", "without $", 2},
		{"empty variable", "version: 1\nbroker: {name: zerodha, api_key: {env: EMPTY}, api_secret: s1234567}\n", "broker.api_key", "variable EMPTY", 2},
		{"market keys where none are used", "version: 1\nbroker: {name: zerodha, api_key: k1234567, api_secret: s1234567, market_api_key: m1234567}\n", "broker.market_api_key", "not used", 2},
		{"number in quotes", minimal + "ports: {web: '5000'}\n", "ports.web", "in quotes", 3},
		{"auto number in quotes", minimal + "sizing: {threads: '2'}\n", "sizing.threads", "in quotes", 3},
		{"number for a text", minimal + "image: {source: path, path: 5}\n", "image.path", "in quotes", 3},
		{"list for a text", minimal + "domain: [a]\n", "domain", "algo.example.com", 3},
		{"version in quotes", "version: '1'\nbroker: {name: zerodha, api_key: k1234567, api_secret: s1234567}\n", "version", "in quotes", 1},
		{"ipv6 as domain", minimal + "domain: '::1'\n", "domain", "IP address", 3},
		{"no network's name with a certificate", minimal + "domain: algo.local\n", "domain", "end in .local do not exist on the internet", 3},
		{"the same by certbot", minimal + "domain: algo.lan\ntls: {mode: nginx, certbot: true}\n", "domain", "your own certificate", 3},
		{"reserved name", minimal + "domain: algo.home.arpa\n", "domain", "algo.example.com", 3},
		{"boolean for a word", minimal + "domain: false\n", "domain", "for on, off, yes and no", 3},
		{"boolean for a branch", minimal + "image: {source: git, url: 'https://github.com/a/b', ref: true}\n", "image.ref", "in quotes", 3},
		{"yes for true", minimal + "docker: {install: yes}\n", "docker.install", "write true", 3},
		{"off for false", minimal + "remote_mcp: {enabled: Off}\n", "remote_mcp.enabled", "write false", 3},
		{"true for a mode", minimal + "tls: {mode: true}\n", "tls.mode", "for on, off", 3},
		{"typographic quotes", "version: 1\nbroker: {name: zerodha, api_key: k1234567, api_secret: ‘s1234567’}\n", "broker.api_secret", "typographic quote (‘)", 2},
		{"no-break space", "version: 1\nbroker:\n  name: zerodha\n  api_key: k1234567\n  api_secret: s123\u00a04567\n", "broker.api_secret", "U+00A0", 5},
		{"one label", minimal + "domain: algo\n", "domain", "algo.example.com", 3},
		{"idn", minimal + "domain: bücher.example\n", "domain", "xn--", 3},
		{"domain with a path", minimal + "domain: a.example.com/x\n", "domain", "path", 3},
		{"nginx without domain", minimal + "tls: {mode: nginx}\n", "tls.mode", "domain", 3},
		{"tls mode", minimal + "tls: {mode: on}\n", "tls.mode", "auto, files, nginx, off", 3},
		{"path without path", minimal + "image: {source: path}\n", "image.path", "/src", 3},
		{"dockerfile", minimal + "image: {source: path, path: /src, dockerfile: mine}\n", "image.dockerfile", "ours", 3},
		{"token in the address", minimal + "image: {source: git, url: 'https://token@github.com/a/b'}\n", "image.url", "ssh", 3},
		{"option as branch", minimal + "image: {source: git, url: 'https://github.com/a/b', ref: --x}\n", "image.ref", "dash", 3},
		{"ram in MiB by accident", minimal + "sizing: {ram: 4}\n", "sizing.ram", "4GB", 3},
		{"ram without a unit", minimal + "sizing: {ram: 3.5}\n", "sizing.ram", "4GB", 3},
		{"shm", minimal + "sizing: {shm_size: 8m}\n", "sizing.shm_size", "64m", 3},
		{"strategy memory", minimal + "sizing: {strategy_memory_mb: 32}\n", "sizing.strategy_memory_mb", "64", 3},
		{"too many threads", minimal + "sizing: {threads: 65}\n", "sizing.threads", "1 to 64", 3},
		{"sizing memory key", minimal + "env: {SHM_SIZE: 1g}\n", "env.SHM_SIZE", "sizing.shm_size", 3},
		{"redirect", minimal + "env: {REDIRECT_URL: x}\n", "env.REDIRECT_URL", "broker.name", 3},
		{"project", minimal + "env: {COMPOSE_PROJECT_NAME: x}\n", "env.COMPOSE_PROJECT_NAME", "--dir", 3},
		{"config version", minimal + "env: {ENV_CONFIG_VERSION: 1.0.0}\n", "env.ENV_CONFIG_VERSION", "image", 3},
		{"bytes in a secret file", minimal + "env: {A: {file: /run/binary}}\n", "env.A", "UTF-8", 3},
		{"key name", minimal + "env: {A-B: x}\n", "env.A-B", "not a valid name", 3},
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

// One for each way in which a secret has come to stand where YAML sees
// something else.
func TestMessagesHoldNoSecret(t *testing.T) {
	for name, text := range map[string]string{
		"blanks and line breaks": "version: 1\nbroker: {name: iifl, api_key: \" " + canary + " \", api_secret: \"" + canary + "\\n\"}\n",
		"settings":               minimal + "env: {A: \"" + canary + "\\nb\", APP_KEY: " + canary + ", B: [" + canary + "], C: {d: " + canary + "}}\n",
		"no blank, broker":       "version: 1\nbroker: {name: zerodha, api_key:" + canary + ", api_secret: s1234567}\n",
		"no blank, env":          minimal + "env: {SMTP_PASSWORD:" + canary + "}\n",
		"alone in a section":     "version: 1\nbroker: {zerodha, " + canary + "}\n",
		"in braces":              "version: 1\nbroker: {name: zerodha, api_key: {" + canary + "}, api_secret: {{ " + canary + " }}}\n",
		"part of the line above": "version: 1\nbroker:\n  name: zerodha\n    api_key:" + canary + "\n",
		"alias":                  "version: 1\nbroker: {name: zerodha, api_key: *" + canary + ", api_secret: s1234567}\n",
		"tag":                    "version: 1\nbroker: {name: zerodha, api_key: !" + canary + " x, api_secret: s1234567}\n",
		"unclosed quote":         "version: 1\nbroker: {name: zerodha, api_key: '" + canary + "\n",
		"as a variable's name":   "version: 1\nbroker: {name: zerodha, api_key: {env: " + canary + "+/=}, api_secret: s1234567}\n",
		"in an address":          minimal + "image: {source: git, url: 'https://u:" + canary + "@github.com/a/b'}\n",
		"in a broken address":    minimal + "image: {source: git, url: 'https://u:" + canary + "%@github.com/a/b'}\n",
	} {
		_, problems := answers.Parse([]byte(text), lookup)
		if len(problems) == 0 {
			t.Errorf("%s: no problem", name)
		}
		if strings.Contains(fmt.Sprintf("%+v", problems), canary) {
			t.Errorf("%s: a message holds a secret: %+v", name, problems)
		}
	}
}

func TestSecretsAreTakenAsWritten(t *testing.T) {
	read := func(content string) string {
		t.Helper()
		l := answers.Lookup{ReadFile: func(string) ([]byte, error) { return []byte(content), nil }}
		a, problems := answers.Parse([]byte(minimal+"env: {A: {file: f}}\n"), l)
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		return a.Env["A"].Reveal()
	}
	for content, want := range map[string]string{"x": "x", "x\n": "x", "x\r\n": "x", " x ": " x ", "": ""} {
		if got := read(content); got != want {
			t.Errorf("a file with %q gave %q", content, got)
		}
	}
	for _, written := range []string{"0123456", "1e5", "0x1F", "1_000", "true", "2026-01-02", "12:30:45"} {
		a, problems := answers.Parse([]byte("version: 1\nbroker: {name: zerodha, api_key: "+written+", api_secret: s1234567}\n"), lookup)
		if len(problems) > 0 || a.Broker.APIKey.Reveal() != written {
			t.Errorf("%s was read as %q, %v", written, a.Broker.APIKey.Reveal(), problems)
		}
	}
}

// indmoney is the one broker that may leave the secret empty.
func TestOptionalSecret(t *testing.T) {
	if _, problems := answers.Parse([]byte("version: 1\nbroker: {name: indmoney, api_key: k1234567}\n"), lookup); len(problems) > 0 {
		t.Error(problems)
	}
}

// A section that cannot be read is one problem, not one for each key in it.
func TestNoEchoOfAWrongType(t *testing.T) {
	_, problems := answers.Parse([]byte("version: 1\nbroker: zerodha\n"), lookup)
	if len(problems) != 1 || problems[0].Key != "broker" || !strings.Contains(problems[0].Message, "broker: {name: zerodha") {
		t.Errorf("%+v", problems)
	}
}

func TestNoLookup(t *testing.T) {
	_, problems := answers.Parse([]byte("version: 1\nbroker: {name: zerodha, api_key: {env: A}, api_secret: {file: b}}\n"), answers.Lookup{})
	if len(problems) != 2 {
		t.Errorf("%+v", problems)
	}
}

func TestWarnings(t *testing.T) {
	for text, want := range map[string]string{
		minimal:                              "",
		minimal + "ports: {bind: 0.0.0.0}\n": "bypass ufw",
		minimal + "ports: {bind: '::1'}\n":   "",
		minimal + "domain: a.example.com\ntls: {mode: off}\n":                                                    "proxy",
		minimal + "domain: a.example.com\ntls: {mode: nginx}\nremote_mcp: {enabled: true, write_orders: true}\n": "your money",
		minimal + "env: {SMTP_KEY_SALT: abc}\n":                                                                  "part of an encryption key",
		"version: 1\nbroker:\n  name: zerodha # mine\n  api_key: k1234567\n  api_secret: s1234567 #89\n":         "broker.api_secret (line 5 of the answers file) ends before the #",
		"version: 1\nbroker:\n  name: zerodha\n  api_key: k1234567\n  api_secret: 's1234567' # of Zerodha\n":     "",
		minimal + "env:\n  LOG_LEVEL: INFO # or DEBUG\n":                                                         "",
		minimal + "env:\n  SMTP_PASSWORD: abc #1\n":                                                              "env.SMTP_PASSWORD",
	} {
		a, problems := answers.Parse([]byte(text), lookup)
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		got := strings.Join(a.Warnings().Texts(), "\n")
		if (want == "") != (got == "") || !strings.Contains(got, want) {
			t.Errorf("warnings %q, want %q, for:\n%s", got, want, text)
		}
	}
}

// What a program of YAML 1.1 made of `mode: off` still means that.
func TestOffThatBecameFalse(t *testing.T) {
	for _, written := range []string{"off", "false", "False", "'off'"} {
		a, problems := answers.Parse([]byte(minimal+"domain: a.example.com\ntls: {mode: "+written+"}\n"), lookup)
		if len(problems) > 0 || a.TLS.Mode != "off" {
			t.Errorf("%s: %q, %v", written, a.TLS.Mode, problems)
		}
	}
}

// A byte order mark is no part of the first key.
func TestByteOrderMark(t *testing.T) {
	if _, problems := answers.Parse([]byte("\ufeff"+minimal), lookup); len(problems) > 0 {
		t.Error(problems)
	}
}

// A name that no authority on the internet gives a certificate for is right where
// none is asked.
func TestPrivateNames(t *testing.T) {
	for _, tls := range []string{"{mode: off}", "{mode: files, cert: /c.pem, key: /k.pem}", "{mode: nginx, cert: /c.pem, key: /k.pem}", "{mode: auto, ca: 'https://ca.algo.internal/directory'}"} {
		if _, problems := answers.Parse([]byte(minimal+"domain: algo.internal\ntls: "+tls+"\n"), lookup); len(problems) > 0 {
			t.Errorf("%s: %v", tls, problems)
		}
	}
	long := strings.Repeat(strings.Repeat("a", 63)+".", 3) + strings.Repeat("b", 57) + ".com"
	if a, problems := answers.Parse([]byte(minimal+"domain: "+long+"\n"), lookup); len(problems) > 0 || len(a.Domain) != 253 {
		t.Errorf("%d characters: %v", len(a.Domain), problems)
	}
}

func TestModeFollowsTheDomain(t *testing.T) {
	a, problems := answers.Parse([]byte(minimal+"domain: Algo.Example.COM.\n"), lookup)
	if len(problems) > 0 || a.Domain != "algo.example.com" || a.TLS.Mode != "auto" || a.Origin() != "https://algo.example.com" {
		t.Errorf("%+v %v", a, problems)
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

// What came by reference is a secret, whatever its key is called; a password
// inside an address is one too.
func TestSavedAnswersHoldNoReferencedValue(t *testing.T) {
	text := minimal + "env: {MAIL_LOGIN: {file: /run/secret}, PROXY: 'http://u:" + canary + "@proxy', WS_PING_INTERVAL: 20}\n"
	a, problems := answers.Parse([]byte(text), lookup)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	saved, err := a.Public()
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(saved, []byte("from-file")) || bytes.Contains(saved, []byte(canary)) || !bytes.Contains(saved, []byte("WS_PING_INTERVAL: \"20\"")) {
		t.Errorf("saved:\n%s", saved)
	}
}

func TestPlainSecrets(t *testing.T) {
	for text, want := range map[string]bool{
		minimal: true,
		"version: 1\nbroker: {name: zerodha}\nenv: {WS_PING_INTERVAL: 20}\n":   false,
		"version: 1\nbroker: {name: zerodha, credentials: later}\n":            false,
		"version: 1\nbroker: {name: zerodha, api_key: ~}\n":                    false,
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

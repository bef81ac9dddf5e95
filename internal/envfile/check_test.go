package envfile_test

import (
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/envfile"
	"github.com/marketcalls/openalgo-install/templates"
)

const (
	appKey = "11aa22bb33cc44dd55ee66ff77aa88bb11aa22bb33cc44dd55ee66ff77aa88bb"
	pepper = "99aa22bb33cc44dd55ee66ff77aa88bb11aa22bb33cc44dd55ee66ff77aa8899"
	salt   = "0123456789abcdef0123456789abcdef"
	canary = "canary-4711"
)

// sound is the embedded template filled in for this machine.
func sound(t *testing.T) *envfile.File {
	t.Helper()
	f := parse(t, string(templates.Env()))
	for key, value := range map[string]string{
		"APP_KEY": appKey, "API_KEY_PEPPER": pepper, "FERNET_SALT": salt,
		"BROKER_API_KEY": canary, "BROKER_API_SECRET": canary,
		"REDIRECT_URL": "http://127.0.0.1:5000/zerodha/callback",
	} {
		if err := f.Set(key, value); err != nil {
			t.Fatal(err)
		}
	}
	return f
}

func TestCheckPassesAFilledTemplate(t *testing.T) {
	for _, version := range []string{"", "1.0.7"} {
		for _, p := range envfile.Check(sound(t), version) {
			t.Errorf("image version %q: line %d: %s %s", version, p.Line, p.Key, p.Message)
		}
	}
}

func TestCheckValues(t *testing.T) {
	const fatal, warning = true, false
	for _, tc := range []struct {
		key, value string
		level      bool
		message    string
	}{
		{"FLASK_DEBUG", "yes", fatal, "True or False"},
		{"FLASK_DEBUG", "1", warning, "'False'"},
		{"FLASK_ENV", "prod", fatal, "'production'"},
		{"FLASK_PORT", "70000", fatal, "0 to 65535"},
		{"WEBSOCKET_PORT", "x", fatal, "'8765'"},
		{"WEBSOCKET_PORT", "9000", fatal, "ports.websocket"},
		{"WEBSOCKET_HOST", "127.0.0.1", fatal, "'0.0.0.0'"},
		{"WEBSOCKET_HOST", "localhost", fatal, "'0.0.0.0'"},
		{"WEBSOCKET_URL", "http://x", fatal, "wss://"},
		{"PORT", "80", warning, "ports.web"},
		{"API_RATE_LIMIT", "50/second", fatal, "'50 per second'"},
		{"ORDER_RATE_LIMIT", "10 per seconds", fatal, "'10 per second'"},
		{"WEBHOOK_RATE_LIMIT", "10 per second; 40 per minute", fatal, "joined with ;"},
		{"SESSION_EXPIRY_TIME", "24:00", fatal, "'03:00'"},
		{"LOG_TO_FILE", "1", fatal, "'False'"},
		{"LOG_LEVEL", "TRACE", fatal, "'INFO'"},
		{"LOG_RETENTION", "0", fatal, "'14'"},
		{"LOG_DIR", "  ", fatal, "'log'"},
		{"LOG_FORMAT", "", fatal, "levelname"},
		{"APP_KEY", "short" + canary, fatal, "64 random hex digits"},
		{"API_KEY_PEPPER", "", fatal, "has 0 characters"},
		{"API_KEY_PEPPER", "OPENALGO_PLACEHOLDER_API_KEY_PEPPER_REGENERATE_BEFORE_USE", warning, "64 random hex digits"},
		{"FERNET_SALT", "OPENALGO_PLACEHOLDER_FERNET_SALT_REGENERATE_BEFORE_USE", warning, "32 hex digits"},
		{"FERNET_SALT", "", warning, "32 hex digits"},
		{"FERNET_SALT", salt + "x", fatal, "32 hex digits"},
		{"FERNET_SALT", "abc", fatal, "32 hex digits"},
		{"FERNET_SALT", salt + "a", warning, "odd number"},
		{"REDIRECT_URL", "http://127.0.0.1:5000/<broker>/callback", fatal, "zerodha"},
		{"REDIRECT_URL", "http://127.0.0.1:5000/zerodha/callback/", fatal, "nothing after it"},
		{"REDIRECT_URL", "http://127.0.0.1:5000/nosuch/callback", fatal, "VALID_BROKERS"},
		{"REDIRECT_URL", "https://algo.example.com/zerodha/callback", warning, "HOST_SERVER"},
		{"VALID_BROKERS", "", fatal, "'zerodha,dhan,fyers'"},
		{"BROKER_API_KEY", "YOUR_BROKER_API_KEY", warning, "placeholder"},
		{"BROKER_API_KEY", "", warning, "empty"},
		{"HOST_SERVER", "algo.example.com", warning, "https://"},
		{"HOST_SERVER", "https://127.0.0.1:5000", warning, "cookie"},
		{"HOST_SERVER", "http://algo.example.com", warning, "in the clear"},
		{"ENV_CONFIG_VERSION", "1.0.6", fatal, "'1.0.7'"},
		{"ENV_CONFIG_VERSION", "1.0", fatal, "'1.0.7'"},
		{"ENV_CONFIG_VERSION", "1.0.10", warning, "newer"},
		{"ENV_CONFIG_VERSION", "latest", warning, "cannot be compared"},
		{"MCP_PUBLIC_URL", "", fatal, "https address"},
		{"MCP_PUBLIC_URL", "http://algo.example.com", warning, "https address"},
	} {
		t.Run(tc.key+"="+tc.value, func(t *testing.T) {
			f := sound(t)
			if strings.HasPrefix(tc.key, "MCP_") {
				set(t, f, "MCP_HTTP_ENABLED", "True")
			}
			set(t, f, tc.key, tc.value)
			expect(t, f, envfile.Problem{Key: tc.key, Message: tc.message, Fatal: tc.level})
		})
	}
}

func TestCheckAcceptsWhatTheAppAccepts(t *testing.T) {
	for _, tc := range []struct{ key, value string }{
		{"FLASK_PORT", " 5000 "}, {"FLASK_PORT", "0"}, {"SESSION_EXPIRY_TIME", "3:00"}, {"LOG_LEVEL", "debug"},
		{"ORDER_RATE_LIMIT", "10 per second;40 per minute"}, {"FLASK_ENV", "Development"}, {"WEBSOCKET_PORT", "8765"},
		{"REDIRECT_URL", "http://127.0.0.1:5000/Zerodha/callback"}, {"FERNET_SALT", salt + salt}, {"RESET_RATE_LIMIT", "often"},
		{"VALID_BROKERS", "Dhan , ZERODHA"}, {"BROKER_API_SECRET", ""},
	} {
		f := sound(t)
		set(t, f, tc.key, tc.value)
		for _, p := range envfile.Check(f, "1.0.7") {
			t.Errorf("%s = %q: %s %s", tc.key, tc.value, p.Key, p.Message)
		}
	}
}

func TestCheckBrokerKeyForms(t *testing.T) {
	for id, good := range map[string]string{"fivepaisa": "a:::b:::c", "flattrade": "a:::b", "dhan": "a:::b"} {
		f := sound(t)
		set(t, f, "REDIRECT_URL", "http://127.0.0.1:5000/"+id+"/callback")
		expect(t, f, envfile.Problem{Key: "BROKER_API_KEY", Message: ":::", Fatal: true})
		set(t, f, "BROKER_API_KEY", good)
		for _, p := range envfile.Check(f, "1.0.7") {
			t.Errorf("%s with %s: %s %s", id, good, p.Key, p.Message)
		}
	}
}

func TestCheckFernetSaltLine(t *testing.T) {
	const line = "FERNET_SALT = '" + salt + "'\n"
	for _, tc := range []struct {
		name, line, message string
		fatal               bool
	}{
		{"double quotes", "FERNET_SALT = \"" + salt + "\"\n", "cannot read", true},
		{"comment", "FERNET_SALT = '" + salt + "' # mine\n", "cannot read", true},
		{"export", "export FERNET_SALT = '" + salt + "'\n", "cannot read", true},
		{"not adjacent", "\n" + line, "does not follow", false},
		{"two that disagree", line + "FERNET_SALT = '" + strings.Repeat("ab", 16) + "'\n", "line", true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			text := strings.Replace(string(sound(t).Bytes()), line, tc.line, 1)
			expect(t, parse(t, text), envfile.Problem{Key: "FERNET_SALT", Message: tc.message, Fatal: tc.fatal})
		})
	}
	crlf := strings.ReplaceAll(string(sound(t).Bytes()), "\n", "\r\n")
	for _, p := range envfile.Check(parse(t, crlf), "1.0.7") {
		t.Errorf("CRLF: %s %s", p.Key, p.Message)
	}
}

func TestCheckNamesEveryMissingKey(t *testing.T) {
	problems := envfile.Check(parse(t, ""), "1.0.7")
	missing := 0
	for _, p := range problems {
		if p.Fatal && strings.Contains(p.Message, "is missing") {
			missing++
			if !strings.Contains(p.Message, p.Key+" = '") {
				t.Errorf("%s: no example in %q", p.Key, p.Message)
			}
		}
	}
	if missing != 30 {
		t.Errorf("%d missing keys, want 29 and VALID_BROKERS", missing)
	}
}

func TestCheckLines(t *testing.T) {
	for _, tc := range []struct{ name, text, message string }{
		{"inner quote", "X='" + canary + "'" + canary + "'\n", "docker compose cannot read"},
		{"unclosed quote", "X='" + canary + "\n", "docker compose cannot read"},
		{"space in a key", canary + " b=1\n", "skips this line"},
		{"no =", canary + "\n", "has no ="},
		{"= in a key", "'X=" + canary + "' = 1\n", "OpenAlgo stops"},
		{"repeated", "X=1\nX=2\n", "Keep one of the two"},
		{"foreign variable", "X_SECRET='a${" + canary + "}b'\n", "literal ${"},
		{"lone carriage return", "X=1\rY=2\n", "carriage return"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f := parse(t, string(sound(t).Bytes())+tc.text)
			expect(t, f, envfile.Problem{Message: tc.message})
		})
	}
}

func set(t *testing.T, f *envfile.File, key, value string) {
	t.Helper()
	if err := f.Set(key, value); err != nil {
		t.Fatal(err)
	}
}

// expect wants one problem with the key, the level and the words of want (a
// want without key asks for the words alone), and no secret in any.
func expect(t *testing.T, f *envfile.File, want envfile.Problem) {
	t.Helper()
	found := false
	problems := envfile.Check(f, "1.0.7")
	for _, p := range problems {
		if strings.Contains(p.Message, want.Message) && (want.Key == "" || p.Key == want.Key && p.Fatal == want.Fatal) {
			found = true
		}
		for _, secret := range []string{canary, salt, appKey, pepper} {
			if strings.Contains(p.Message+p.Key, secret) {
				t.Errorf("the problem shows a secret: %+v", p)
			}
		}
	}
	if !found {
		t.Errorf("no problem with %+v among %+v", want, problems)
	}
}

func TestOlderVersion(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{{"1.0.6", "1.0.7", true}, {"1.0.7", "1.0.7", false}, {"1.0.10", "1.0.9", false}, {"1.0", "1.0.1", true},
		{"", "1.0", false}, {"1.0", "", false}, {"x", "1", false}} {
		if got := envfile.OlderVersion(c.a, c.b); got != c.want {
			t.Errorf("envfile.OlderVersion(%q, %q) = %v", c.a, c.b, got)
		}
	}
}

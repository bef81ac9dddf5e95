package settings

import (
	"crypto/rand"
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/envfile"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/keys"
	"github.com/marketcalls/openalgo-install/internal/secret"
)

const (
	pepper = "a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f90"
	salt   = "00112233445566778899aabbccddeeff"
	sound  = "APP_KEY = '" + pepper + "'\nAPI_KEY_PEPPER = '" + pepper + "'\nFERNET_SALT = '" + salt + "'\n"
)

func parsed(t *testing.T, text string) *envfile.File {
	t.Helper()
	file, err := envfile.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// decide is Decide with random bytes, and nothing asked of single keys.
func decide(current *envfile.File, sample []byte, want []Setting, last instance.State, dataMayExist bool) (Env, finding.Warnings, error) {
	random := make([]byte, keys.Random)
	_, _ = rand.Read(random)
	return Decide(Situation{Current: current, Sample: sample, Last: last, DataMayExist: dataMayExist, Random: random}, want, Edit{})
}

func want(pairs ...string) []Setting {
	var out []Setting
	for i := 0; i < len(pairs); i += 2 {
		out = append(out, Setting{Key: pairs[i], Value: secret.New(pairs[i+1])})
	}
	return out
}

func edits(p Env) string {
	var keys []string
	for _, e := range p.Edits {
		keys = append(keys, e.Key)
	}
	return strings.Join(keys, " ")
}

func TestFreshEnvGetsKeysAndSettings(t *testing.T) {
	p, _, err := decide(nil, nil, want("LOG_LEVEL", "DEBUG"), instance.State{}, false)
	if err != nil {
		t.Fatal(err)
	}
	file := parsed(t, string(p.Text))
	for key, length := range map[string]int{"APP_KEY": 64, "API_KEY_PEPPER": 64, "FERNET_SALT": 32} {
		if value, _ := file.Get(key); len(value) != length {
			t.Errorf("%s has %d characters, want %d", key, len(value), length)
		}
	}
	lines := strings.Split(string(p.Text), "\n")
	for n, line := range lines {
		if strings.HasPrefix(line, "API_KEY_PEPPER") && !strings.HasPrefix(lines[n+1], "FERNET_SALT = '") {
			t.Errorf("FERNET_SALT is not on the line after API_KEY_PEPPER, but %q is", lines[n+1])
		}
	}
	again, _, err := decide(nil, nil, nil, instance.State{}, false)
	if err != nil || string(again.Text) == string(p.Text) {
		t.Error("two installs got the same keys")
	}
}

func TestWhatTheUserChangedIsKept(t *testing.T) {
	var last instance.State
	Remember(&last, "salt", want("LOG_LEVEL", "INFO", "HOST_SERVER", "http://a"), nil)
	file := parsed(t, sound+"LOG_LEVEL = 'DEBUG'\nHOST_SERVER = 'http://a'\nOMP_NUM_THREADS = '1'\n")
	settings := append(want("LOG_LEVEL", "INFO", "HOST_SERVER", "http://b"),
		Setting{Key: "OMP_NUM_THREADS", Value: secret.New("4"), Auto: true})
	p, warnings, err := decide(file, nil, settings, last, true)
	if err != nil {
		t.Fatal(err)
	}
	// LOG_LEVEL: the same answer as last time, and .env was changed since.
	// HOST_SERVER: the answer is new. OMP_NUM_THREADS: ours to choose, and set.
	if edits(p) != "HOST_SERVER" || strings.Join(p.Kept, " ") != "LOG_LEVEL" {
		t.Errorf("edits %q, kept %q", edits(p), p.Kept)
	}
	if !strings.Contains(strings.Join(warnings.Texts(), " "), "LOG_LEVEL") {
		t.Errorf("warnings: %q", warnings)
	}
}

func TestSoundKeysAreNeverEdited(t *testing.T) {
	for _, data := range []bool{true, false} {
		p, _, err := decide(parsed(t, sound), nil, nil, instance.State{}, data)
		if err != nil || len(p.Edits) != 0 {
			t.Errorf("data %v: edits %q, %v", data, edits(p), err)
		}
	}
}

// The app replaces a salt that is quoted or placed otherwise; its value must
// survive (docs/openalgo-facts.md 1.6).
func TestSoundSaltIsPutWhereTheAppLeavesIt(t *testing.T) {
	text := "FERNET_SALT = \"" + salt + "\" # mine\nAPP_KEY = '" + pepper + "'\nAPI_KEY_PEPPER = '" + pepper + "'\n"
	p, _, err := decide(parsed(t, text), nil, nil, instance.State{}, true)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(p.Text), "API_KEY_PEPPER = '"+pepper+"'\nFERNET_SALT = '"+salt+"'\n") {
		t.Errorf("the salt is not in its place:\n%s", p.Text)
	}
}

// Beside a database a salt that is not sound is left where it is: the app
// migrates by itself, and anything we wrote would hide the old one.
func TestUnsoundSaltBesideDataIsLeftAlone(t *testing.T) {
	text := "APP_KEY = '" + pepper + "'\nAPI_KEY_PEPPER = '" + pepper + "'\n\n# salt\nFERNET_SALT = 'OPENALGO_PLACEHOLDER'\n"
	p, warnings, err := decide(parsed(t, text), nil, nil, instance.State{}, true)
	if err != nil {
		t.Fatal(err)
	}
	if string(p.Text) != text || len(warnings) == 0 {
		t.Errorf("changed, or not warned of (%q):\n%s", warnings, p.Text)
	}
}

func TestLostPepperBesideDataStops(t *testing.T) {
	_, _, err := decide(parsed(t, "APP_KEY = '"+pepper+"'\n"), nil, nil, instance.State{}, true)
	if !LostKeys(err) {
		t.Errorf("err = %v", err)
	}
}

func TestNewerSampleIsMerged(t *testing.T) {
	file := parsed(t, sound+"ENV_CONFIG_VERSION = '1.0.6'\nVALID_BROKERS = 'zerodha,upstox'\nLOG_LEVEL = 'DEBUG'\n")
	sample := "ENV_CONFIG_VERSION = '1.0.7'\nVALID_BROKERS = 'zerodha,arrow'\nLOG_LEVEL = 'INFO'\nNEW_KEY = 'new'\nAPP_KEY = 'placeholder'\n"
	p, _, err := decide(file, []byte(sample), nil, instance.State{}, true)
	if err != nil {
		t.Fatal(err)
	}
	after := parsed(t, string(p.Text))
	for key, value := range map[string]string{"ENV_CONFIG_VERSION": "1.0.7", "VALID_BROKERS": "zerodha,upstox,arrow",
		"LOG_LEVEL": "DEBUG", "NEW_KEY": "new", "APP_KEY": pepper} {
		if got, _ := after.Get(key); got != value {
			t.Errorf("%s = %q, want %q", key, got, value)
		}
	}
}

func TestDiffShowsNoSecret(t *testing.T) {
	const canary = "canary-77aa11"
	for _, text := range []string{"", sound + "BROKER_API_KEY = 'old-" + canary + "'\n"} {
		var current *envfile.File
		if text != "" {
			current = parsed(t, text)
		}
		p, _, err := decide(current, nil, want("BROKER_API_KEY", canary, "LOG_LEVEL", "DEBUG"), instance.State{}, false)
		if err != nil {
			t.Fatal(err)
		}
		diff := p.Diff([]byte(text))
		if strings.Contains(diff, canary) || strings.Contains(diff, pepper) {
			t.Errorf("the diff shows a secret:\n%s", diff)
		}
		if !strings.Contains(diff, "DEBUG") || !strings.Contains(diff, "BROKER_API_KEY") {
			t.Errorf("the diff does not show what changes:\n%s", diff)
		}
	}
}

// TestDiffLeavesOtherLinesOut changes two settings that have lines between them.
func TestDiffLeavesOtherLinesOut(t *testing.T) {
	before := sound + "HOST_SERVER = 'http://127.0.0.1:5000'\nNGROK_ALLOW = 'FALSE'\nWEBSOCKET_URL = 'ws://127.0.0.1:8765'\n"
	p, _, err := decide(parsed(t, before), nil, want("HOST_SERVER", "https://algo.example.com", "WEBSOCKET_URL", "wss://algo.example.com/ws"), instance.State{}, false)
	if err != nil {
		t.Fatal(err)
	}
	if diff := p.Diff([]byte(before)); !strings.Contains(diff, "+WEBSOCKET_URL") || strings.Contains(diff, "NGROK_ALLOW") {
		t.Errorf("%s", diff)
	}
}

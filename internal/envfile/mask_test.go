package envfile_test

import (
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/envfile"
	"github.com/marketcalls/openalgo-install/templates"
)

func TestIsSecret(t *testing.T) {
	for _, key := range []string{
		"APP_KEY", "API_KEY_PEPPER", "FERNET_SALT", "BROKER_API_KEY", "BROKER_API_SECRET", "BROKER_API_KEY_MARKET",
		"BROKER_API_SECRET_MARKET", "TELEGRAM_KEY_SALT", "TELEGRAM_WEBHOOK_SECRET", "SMTP_PASSWORD", "smtp_pass",
		"NGROK_AUTHTOKEN", "BROKER_PIN", "BROKER_TOTP", "SENTRY_DSN",
	} {
		if !envfile.IsSecret(key, "x") {
			t.Errorf("%s is a secret", key)
		}
	}
	for _, key := range []string{
		"ENV_CONFIG_VERSION", "HOST_SERVER", "REDIRECT_URL", "VALID_BROKERS", "WEBSOCKET_URL", "WS_PING_INTERVAL", "SHM_SIZE",
		"OMP_NUM_THREADS", "BROKER_KEEPALIVE_INTERVAL", "MCP_OAUTH_KEYS_DIR", "SESSION_COOKIE_NAME", "CSP_SCRIPT_SRC", "LOG_LEVEL",
	} {
		if envfile.IsSecret(key, "x") {
			t.Errorf("%s is no secret", key)
		}
	}
}

func TestMasked(t *testing.T) {
	const c = canary
	for text, want := range map[string]string{
		"APP_KEY = '" + c + "'  # old: " + c + "\nA=1\n":            "APP_KEY = [secret]\nA=1\n",
		"APP_KEY=\"" + c + "\r\n" + c + "\"\r\nA=1\r\n":             "APP_KEY=[secret]\r\nA=1\r\n",
		"# APP_KEY = '" + c + "'\n":                                 "# APP_KEY =[secret]\n",
		"A=1 # was: BROKER_API_SECRET=" + c + "\n":                  "A=1 # was: BROKER_API_SECRET=[secret]\n",
		"APP_KEY '" + c + "'\n":                                     "[secret]\n",
		"X = '" + c + "'" + c + "'\n":                               "X =[secret]\n",
		"REDIS = 'redis://u:" + c + "@h/0'\n":                       "REDIS = [secret]\n",
		"APP_KEY=\nA=1 # note\n":                                    "APP_KEY=\nA=1 # note\n",
		"A='" + `\'` + "'\nexport BROKER_API_KEY=" + c + " # x\n\n": "A='" + `\'` + "'\nexport BROKER_API_KEY=[secret]\n\n",
	} {
		if got := string(envfile.Masked([]byte(text))); got != want {
			t.Errorf("Masked(%q)\n got %q\nwant %q", text, got, want)
		}
	}
}

func TestMaskedTemplateShowsTheRest(t *testing.T) {
	f := sound(t)
	masked := string(envfile.Masked(f.Bytes()))
	for _, secret := range []string{canary, appKey, pepper, salt} {
		if strings.Contains(masked, secret) {
			t.Errorf("%q is shown", secret)
		}
	}
	if want := strings.Count(string(templates.Env()), "\n"); strings.Count(masked, "\n") != want {
		t.Errorf("%d lines, want %d", strings.Count(masked, "\n"), want)
	}
	for _, shown := range []string{"# ---- Keys ---", "HOST_SERVER = 'http://127.0.0.1:5000'", "SHM_SIZE = '512m'", "# MCP_OAUTH_KEYS_DIR = 'keys'"} {
		if !strings.Contains(masked, shown) {
			t.Errorf("%q is not shown", shown)
		}
	}
}

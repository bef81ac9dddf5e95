package openalgo

import (
	"strings"
	"testing"
)

func TestTreeOf(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		DB: "db", Keys: "keys", Tree("log"): "log", Env: "", "/app": "", "/app/upgrade": "", "/app/db/more": "", "/data/db": "", "db": "",
	} {
		if name, ok := TreeOf(path); name != want || ok != (want != "") {
			t.Errorf("%s: %q %v, want %q", path, name, ok, want)
		}
	}
	if Owner != "1000:1000" {
		t.Error(Owner)
	}
}

func TestRunsOn(t *testing.T) {
	t.Parallel()
	for arch, want := range map[string]bool{"amd64": true, "arm64": true, "arm": false, "386": false, "riscv64": false, "": false} {
		if RunsOn(arch) != want {
			t.Errorf("%q: %v", arch, !want)
		}
	}
}

// The lines are those of docs/openalgo-facts.md 1.2.
func TestFatal(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"Error: .env file not found.":                                                                   "cannot read its .env",
		"  CONFIGURATION UPDATE REQUIRED":                                                               "older than this image",
		"Error: The following environment variables are missing: BROKER_API_KEY":                        "missing: BROKER_API_KEY",
		"RuntimeError: CRITICAL: APP_KEY must be at least 32 characters (got 3). Generate a secure key": "APP_KEY must be at least 32 characters (got 3).",
		"[OpenAlgo Fernet salt]":                                                                        "FERNET_SALT is not the one",
		"[1] [ERROR] Worker failed to boot.":                                                            "could not start its worker",
		"[OpenAlgo Fernet salt] .env cannot be written: it goes on with the legacy salt":                "",
		"Error: order rejected by the broker":                                                           "",
		"":                                                                                              "",
	} {
		if got := Fatal(line); !strings.Contains(got, want) || want == "" && got != "" {
			t.Errorf("%q gives %q, want %q in it", line, got, want)
		}
	}
}

func TestPrintedKeyAndRelease(t *testing.T) {
	t.Parallel()
	if got := PrintedKey.ReplaceAllString("FERNET_SALT = 'canary'", "${1}x"); got != "FERNET_SALT = x" {
		t.Error(got)
	}
	if m := Release.FindStringSubmatch("# the release\nVERSION = \"2.0.2.1\"\n"); m == nil || m[1] != "2.0.2.1" {
		t.Error(m)
	}
}

func TestCountMigrations(t *testing.T) {
	t.Parallel()
	text := "MIGRATIONS = [\n    # Legacy\n    (\"add_feed_token.py\", \"Feed Token Support\"),\n    (\"migrate_gtt.py\", \"GTT (15:40)\"),\n]\n"
	if got := CountMigrations([]byte(text)); got != 2 {
		t.Errorf("%d migrations, want 2", got)
	}
}

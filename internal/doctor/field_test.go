package doctor

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/envfile"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/instance"
)

const fieldFiles = "../envfile/testdata/field"

// fieldEnv is a .env as people had it; the values are made up.
func fieldEnv(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(fieldFiles, name))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// A .env of a Windows editor is one finding, which --fix repairs; commands refuse
// with the same name.
func TestEncodingIsOneFinding(t *testing.T) {
	for _, name := range []string{"env-bom", "env-utf16"} {
		p := sound(t)
		_, p.envErr = envfile.Parse(fieldEnv(t, name))
		p.env, p.obstacles = nil, met(finding.Named(finding.HostNotReady, "env-unreadable", "reading .env: %w", p.envErr))
		p.domain.dns, p.domain.certificate = nil, nil
		var about []Finding
		for _, f := range findings(p) {
			if f.Level != OK {
				about = append(about, f)
			}
		}
		if len(about) != 1 || about[0].ID != "env-encoding" || about[0].Fix != FixEncoding || about[0].Level != Failure || !strings.Contains(about[0].Mend, "doctor --fix") {
			t.Errorf("%s: %+v", name, about)
		}
		if fixes := report(p.patient, p.checks()).Fixes(); len(fixes) != 1 || fixes[0] != FixEncoding {
			t.Errorf("%s: %v", name, fixes)
		}
	}
}

// Each value that is not the one that was meant is a finding of its own.
func TestFieldEnvs(t *testing.T) {
	for name, says := range map[string]string{
		"env-nbsp": "BROKER_API_SECRET has a no-break", "env-smartquotes": "BROKER_API_SECRET has a typographic quote", "env-hash_unq2": "BROKER_API_SECRET ends before the #",
		"env-dollar": "BROKER_API_SECRET has a ${...}", "env-redirect_nobroker": "REDIRECT_URL has no broker before /callback",
	} {
		p := sound(t)
		p.env, _ = envfile.Parse(fieldEnv(t, name))
		found := env(p.patient)
		if len(found) != 1 || found[0].Level == OK || !strings.Contains(found[0].Evidence, says) {
			t.Errorf("%s: %+v", name, found)
		}
	}
	p := sound(t)
	p.env, _ = envfile.Parse(fieldEnv(t, "env-zero"))
	p.obstacles = met(finding.Named(finding.HostNotReady, "keys", "the encryption keys are gone: .env is empty"))
	if found := env(p.patient); len(found) != 0 {
		t.Errorf("the keys are gone, and yet: %+v", found)
	}
}

// The file stays the one that a container has mounted; what it was is kept.
func TestFixEncoding(t *testing.T) {
	for _, name := range []string{"env-bom", "env-utf16"} {
		dir := filepath.Join(t.TempDir(), "openalgo")
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		path, text := filepath.Join(dir, ".env"), fieldEnv(t, name)
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		before, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		look := Look{Dir: dir}
		for range 2 {
			if err := look.Apply(t.Context(), FixEncoding, nil); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
		now, err := os.ReadFile(path)
		want, _ := envfile.Converted(text)
		after, _ := os.Stat(path)
		if err != nil || string(now) != string(want) || !os.SameFile(before, after) || after.Mode() != before.Mode() {
			t.Errorf("%s: %d bytes, want %d; the same file: %v, %v", name, len(now), len(want), os.SameFile(before, after), err)
		}
		kept, _ := instance.Kept(instance.Dir(dir), ".env")
		if len(kept) != 1 {
			t.Fatalf("%s: kept %q", name, kept)
		}
		if was, _ := os.ReadFile(kept[0]); string(was) != string(text) {
			t.Errorf("%s: what it was is not kept", name)
		}
	}
}

// A file that cannot be converted, or is a link, stays as it is.
func TestFixEncodingRefuses(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "openalgo")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, ".env")
	const damaged = "\xff\xfeA\x00="
	if err := os.WriteFile(path, []byte(damaged), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := (Look{Dir: dir}).Apply(t.Context(), FixEncoding, nil); finding.IDOf(err) != "env-encoding" {
		t.Errorf("%v", err)
	}
	if now, _ := os.ReadFile(path); string(now) != damaged {
		t.Errorf("it is %q now", now)
	}
	other := filepath.Join(t.TempDir(), "other")
	if err := errors.Join(os.Rename(path, other), os.Symlink(other, path)); err != nil {
		t.Fatal(err)
	}
	if err := (Look{Dir: dir}).Apply(t.Context(), FixEncoding, nil); err == nil {
		t.Error("a link was followed")
	}
}

package envfile_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/dotenv"

	"github.com/marketcalls/openalgo-install/internal/envfile"
	"github.com/marketcalls/openalgo-install/templates"
)

const dotenvVersion = "1.2.2" // what OpenAlgo pins

// python returns an interpreter that has the app's python-dotenv, from
// OPENALGO_PYTHON or python3. Without one the test is skipped, or fails when
// OPENALGO_E2E=require.
func python(t *testing.T) string {
	t.Helper()
	name := os.Getenv("OPENALGO_PYTHON")
	if name == "" {
		name = "python3"
	}
	const script = "import dotenv, importlib.metadata; print(importlib.metadata.version('python-dotenv'))"
	out, err := exec.Command(name, "-c", script).CombinedOutput()
	version := strings.TrimSpace(string(out))
	if err == nil && version == dotenvVersion {
		return name
	}
	how := fmt.Sprintf("%s has no python-dotenv %s (%v: %s); run\n\tpython3 -m venv VENV && VENV/bin/pip install python-dotenv==%s\nand set OPENALGO_PYTHON=VENV/bin/python",
		name, dotenvVersion, err, version, dotenvVersion)
	if os.Getenv("OPENALGO_E2E") == "require" {
		t.Fatal(how)
	}
	t.Skip(how)
	return ""
}

// readBack returns what the app would have in its environment after loading
// each of the files, in one Python process.
func readBack(t *testing.T, files []string) []map[string]string {
	t.Helper()
	interpreter := python(t)
	dir := t.TempDir()
	var paths strings.Builder
	for i, text := range files {
		path := filepath.Join(dir, fmt.Sprintf("%d.env", i))
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintln(&paths, path)
	}
	cmd := exec.Command(interpreter, filepath.Join("testdata", "readback.py"))
	cmd.Env = append(os.Environ(), "PYTHONUTF8=1")
	cmd.Stdin = strings.NewReader(paths.String())
	var failure bytes.Buffer
	cmd.Stderr = &failure
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("readback.py: %v\n%s", err, failure.String())
	}
	var read []map[string]string
	for decoder := json.NewDecoder(bytes.NewReader(out)); decoder.More(); {
		var values map[string]string
		if err := decoder.Decode(&values); err != nil {
			t.Fatal(err)
		}
		for key, value := range values {
			raw, err := hex.DecodeString(value)
			if err != nil {
				t.Fatal(err)
			}
			values[key] = string(raw)
		}
		read = append(read, values)
	}
	if len(read) != len(files) {
		t.Fatalf("readback.py read %d of %d files", len(read), len(files))
	}
	return read
}

// pieces are what random values are made of: every printable ASCII character,
// what the readers' grammars care about, and more of Unicode.
var pieces = func() []string {
	list := []string{
		"${", "${X}", "${HOME}", "${K1}", "${:-}", "${:-$}{", "${A:-b}", "$$", "$(id)", "`", `\`, `\\`, `\\\`, `\'`, `\"`, `\n`, `\$`, "'", `"`, "''",
		" ", "  ", " # ", "#", "=", "export ", "\t", "\v", "\f", "\x01", "\x1b", "\x1c", "\x1f", "\x7f", "\u0080", "\u0085", "\u00a0", "\u2028", "\u2029", "\u3000", "\u200b", "\ufeff",
		"é", "₹", "हिन्दी", "日本", "🙂", "e\u0301", "\U0010ffff", "%", "%s", "|", "&", "/",
	}
	for c := byte(' '); c <= '~'; c++ {
		list = append(list, string(c))
	}
	return list
}()

func randomValue(r *rand.Rand) string {
	var b strings.Builder
	for range r.IntN(40) {
		b.WriteString(pieces[r.IntN(len(pieces))])
	}
	return b.String()
}

// grep is what start.sh does to find a key.
func grep(text, key string) string {
	line := regexp.MustCompile(`(?m)^` + key + `.*$`).FindString(text)
	return regexp.MustCompile(`.*=\s*'([^']*)'.*`).ReplaceAllString(line, "$1")
}

func TestTenThousandSecretsReachTheApp(t *testing.T) {
	const files, perFile = 500, 20
	r := rand.New(rand.NewPCG(1, 2))
	texts := make([]string, files)
	wants := make([]map[string]string, files)
	for i := range texts {
		base := "# top\nAPP_KEY = '" + appKey + "'\nAPI_KEY_PEPPER = '" + pepper + "'\nSHM_SIZE=512m\n# K3 = 'x'  # note\nK5=old # note\n"
		if i%2 == 1 {
			base = strings.ReplaceAll(base, "\n", "\r\n")
		}
		f := parse(t, base)
		want := map[string]string{"APP_KEY": appKey, "API_KEY_PEPPER": pepper, "FERNET_SALT": salt, "SHM_SIZE": "512m"}
		for k := range perFile {
			key := fmt.Sprintf("K%d", k)
			want[key] = randomValue(r)
			if r.IntN(20) == 0 {
				bad := want[key] + []string{"\n", "\r", "\x00", "\xff"}[r.IntN(4)]
				var refused *envfile.ValueError
				if err := f.Set(key, bad); !errors.As(err, &refused) || refused.Key != key {
					t.Errorf("Set(%q): %v, want a refusal that names %s", bad, err, key)
				}
			}
			set(t, f, key, want[key])
			want[key+"_AFTER"] = "plain"
			set(t, f, key+"_AFTER", "plain")
		}
		if err := f.SetAfter("API_KEY_PEPPER", "FERNET_SALT", salt); err != nil {
			t.Fatal(err)
		}
		texts[i], wants[i] = string(f.Bytes()), want
	}

	for i, got := range readBack(t, texts) {
		for key, want := range wants[i] {
			if got[key] != want {
				t.Errorf("python-dotenv reads %s = %q, want %q", key, got[key], want)
			}
		}
		if len(got) != len(wants[i]) {
			t.Errorf("python-dotenv finds %d keys, want %d", len(got), len(wants[i]))
		}
		composed, err := dotenv.UnmarshalBytesWithLookup([]byte(texts[i]), nil)
		if err != nil {
			t.Fatalf("compose-go: %v in\n%s", err, texts[i])
		}
		for key, want := range wants[i] {
			exotic := strings.Contains(want, `\`) || strings.Contains(want, "${")
			if got, ok := composed[key]; !ok || got != want && !exotic {
				t.Errorf("compose-go reads %s = %q, want %q", key, got, want)
			}
		}
		if grep(texts[i], "APP_KEY") != appKey || grep(texts[i], "API_KEY_PEPPER") != pepper {
			t.Errorf("start.sh would not find its keys in\n%s", texts[i])
		}
	}
}

// Whatever a user's file holds, Get must say what the app sees.
func TestGetAgreesWithPythonDotenv(t *testing.T) {
	tokens := append([]string{
		"\n", "\n", "\n", "\r\n", "\r", "A", "B", "C=", "A=", "B = ", "C='", "A=\"", "'\n", "\"\n", "# A = 'x'\n", " #", "export ", "export\t", "'A'", "${A}", "${B:-d}", "${C:-", "}", ":-",
	}, pieces[:40]...)
	r := rand.New(rand.NewPCG(3, 4))
	files := []string{string(templates.Env())}
	for range 5000 {
		var b strings.Builder
		for range r.IntN(30) {
			b.WriteString(tokens[r.IntN(len(tokens))])
		}
		// A quoted key may hold "=", and then the app stops: Check says so.
		if !strings.Contains(strings.Join(parse(t, b.String()).Keys(), ""), "=") {
			files = append(files, b.String())
		}
	}
	for i, want := range readBack(t, files) {
		f := parse(t, files[i])
		got := map[string]string{}
		for _, key := range f.Keys() {
			got[key], _ = f.Get(key)
		}
		if !maps.Equal(got, want) {
			t.Errorf("%q:\n    got %q\npython %q", files[i], got, want)
		}
	}
}

func TestTemplateReadsTheSameInCompose(t *testing.T) {
	f := sound(t)
	composed, err := dotenv.UnmarshalBytesWithLookup(f.Bytes(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range f.Keys() {
		if want, _ := f.Get(key); composed[key] != want {
			t.Errorf("compose-go reads %s = %q, want %q", key, composed[key], want)
		}
	}
	if len(f.Keys()) != 97+7 || len(composed) != 97+7 {
		t.Errorf("%d keys, compose-go %d, want the sample's 97 and seven of sizing", len(f.Keys()), len(composed))
	}
	if ids, _ := f.Get("VALID_BROKERS"); len(strings.Split(ids, ",")) != 36 {
		t.Errorf("VALID_BROKERS = %s, want 36 ids", ids)
	}
	lines := bytes.Count(f.Bytes(), []byte("\n"))
	set(t, f, "MCP_OAUTH_ACCESS_TTL", "600")
	if bytes.Count(f.Bytes(), []byte("\n")) != lines {
		t.Error("a commented-out key was appended, not uncommented")
	}
}

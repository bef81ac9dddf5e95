package render

import (
	"bytes"
	"encoding/base64"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/envfile"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/templates"
)

var update = flag.Bool("update", false, "write the golden files again")

const traders = `version: 1
broker: {name: zerodha, api_key: {env: KEY}, api_secret: {env: SECRET}}
sizing: {ram: 4GB}
image: {ref: "marketcalls/openalgo:2.0.2.1"}
env: {LOG_LEVEL: DEBUG, SMTP_PASSWORD: {env: SECRET}}
kubernetes:
  storage_class: local-path
  ingress_class: traefik
  edge_namespace: kube-system
  cluster_issuer: letsencrypt
  annotations: {example.com/note: "it's \"on\": #1\n"}
instances:
  - {name: alpha, domain: a.example.com, kubernetes: {egress: {kind: cilium, ip: 203.0.113.7}}}
  - name: beta
    domain: b.example.com
    sizing: {ram: 8GB}
    kubernetes: {mode: mounted, size: 20GiB, access_mode: ReadWriteOncePod, ingress_class: , cluster_issuer: , gateway: gateways/public, egress: {kind: ovn, ip: 203.0.113.8}, image_pull_secret: registry}
  - name: gamma
    image: {source: git, url: "https://github.com/marketcalls/openalgo", dockerfile: ours}
    kubernetes: {image: "registry.example.com/openalgo:1", node_selector: {openalgo/egress: gamma}, existing_secret: kept}
`

var secrets = answers.Lookup{Env: func(name string) (string, bool) {
	return map[string]string{"KEY": "canary-key", "SECRET": "canary-'secret\""}[name], true
}}

func parsed(t *testing.T, text string, lookup answers.Lookup) []answers.Named {
	t.Helper()
	all, problems := answers.ParseAll([]byte(text), lookup)
	if len(problems) > 0 {
		t.Fatal(&answers.Invalid{Problems: problems})
	}
	return all
}

// tree is every file below a directory.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		name, _ := filepath.Rel(dir, path)
		out[name] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

var startHash = regexp.MustCompile(`openalgo-start-[0-9a-f]{10}`)

func TestKubernetesFiles(t *testing.T) {
	t.Parallel()
	golden := filepath.Join("testdata", "kubernetes")
	out := t.TempDir()
	if _, _, err := WriteKubernetes(parsed(t, traders, answers.Lookup{NamesOnly: true}), out); err != nil {
		t.Fatal(err)
	}
	got := tree(t, out)
	if *update {
		_ = os.RemoveAll(golden)
	}
	names := 0
	for name, text := range got {
		if strings.HasSuffix(name, ".yaml") {
			var doc map[string]any
			if err := yaml.Unmarshal([]byte(text), &doc); err != nil || doc["kind"] == nil {
				t.Errorf("%s: %v", name, err)
			}
			if strings.HasSuffix(name, "start.yaml") {
				data := doc["data"].(map[string]any)
				if data["start.sh"] != string(templates.StartScript()) || data["openalgo-migrate.py"] != string(templates.Migrate()) {
					t.Errorf("%s is not what start.sh is", name)
				}
			}
		}
		if strings.HasSuffix(name, "start.yaml") || strings.Contains(name, "build/") {
			continue // files of templates, and a hash of them
		}
		names++
		text = startHash.ReplaceAllString(text, "openalgo-start-0000000000")
		path := filepath.Join(golden, name)
		if *update {
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil || string(want) != text {
			t.Errorf("%s differs (%v):\n%s", name, err, text)
		}
	}
	if n := len(tree(t, golden)); n != names {
		t.Errorf("%d golden files for %d", n, names)
	}
}

// The secrets are in no file, and change none.
func TestKubernetesFilesHaveNoSecret(t *testing.T) {
	t.Parallel()
	one, two := t.TempDir(), t.TempDir()
	for out, lookup := range map[string]answers.Lookup{one: secrets, two: {NamesOnly: true}} {
		for range 2 {
			if _, _, err := WriteKubernetes(parsed(t, traders, lookup), out); err != nil {
				t.Fatal(err)
			}
		}
	}
	first, second := tree(t, one), tree(t, two)
	for name, text := range first {
		if text != second[name] {
			t.Errorf("%s differs with its secrets known", name)
		}
		if strings.Contains(text, "canary") {
			t.Errorf("%s has a secret", name)
		}
	}
}

func TestKubernetesRefusals(t *testing.T) {
	t.Parallel()
	for id, change := range map[string][2]string{
		"sizing-missing":   {"sizing: {ram: 4GB}\n", ""},
		"image-not-pushed": {`image: "registry.example.com/openalgo:1", `, ""},
		"name-too-long":    {"name: alpha, domain: a.example.com", "domain: " + strings.Repeat("a", 50) + ".example.com"},
	} {
		out := t.TempDir()
		all := parsed(t, strings.Replace(traders, change[0], change[1], 1), answers.Lookup{NamesOnly: true})
		if _, _, err := WriteKubernetes(all, out); finding.IDOf(err) != id {
			t.Errorf("%s: %v", id, err)
		}
		if len(tree(t, out)) > 0 {
			t.Errorf("%s: files were written", id)
		}
	}
}

func TestKubernetesWarnings(t *testing.T) {
	t.Parallel()
	ids := func(text string) (out []string) {
		_, warnings, err := WriteKubernetes(parsed(t, text, answers.Lookup{NamesOnly: true}), t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range warnings {
			out = append(out, w.ID)
		}
		return out
	}
	const one = "version: 1\nbroker: {name: zerodha, api_key: {env: KEY}, api_secret: {env: SECRET}}\nsizing: {ram: 4GB}\n"
	for text, want := range map[string][]string{
		one: {"image-latest", "domain-missing"},
		one + "image: {ref: \"x/y@sha256:" + strings.Repeat("0", 64) + "\"}\ndomain: a.example.com\n":                                          {"certificate-missing", "network-open"},
		one + "image: {ref: \"x/y:1\"}\ndomain: a.example.com\nkubernetes: {tls_secret: tls, edge_namespace: edge}\n":                          nil,
		one + "image: {ref: \"x/y:1\"}\ndomain: a.example.com\nkubernetes: {gateway: a/b, edge_namespace: a, existing_secret: k}\nswap: 2GB\n": {"answers-idle", "secret-yours"},
		one + "image: {ref: \"x/y:1\"}\ninstances: [{name: a}, {name: b}]\n":                                                                   {"domain-missing", "domain-missing", "egress-shared"},
		// The top of the file is each instance's own: so are its nodes.
		one + "image: {ref: \"x/y:1\"}\nkubernetes: {node_selector: {x/y: z}}\ninstances: [{name: a}, {name: b}]\n":                                                     {"domain-missing", "domain-missing", "egress-shared"},
		one + "image: {ref: \"x/y:1\"}\ninstances: [{name: a, kubernetes: {node_selector: {x/y: a}}}, {name: b, kubernetes: {egress: {kind: ovn, ip: 203.0.113.7}}}]\n": {"domain-missing", "domain-missing"},
	} {
		if got := ids(text); !slices.Equal(got, want) {
			t.Errorf("%q, want %q for:\n%s", got, want, text)
		}
	}
}

func TestKubernetesSecret(t *testing.T) {
	t.Parallel()
	entries := func(n answers.Named, there []byte) map[string]string {
		t.Helper()
		text, _, err := Secret(n, there)
		if err != nil {
			t.Fatal(err)
		}
		var doc struct {
			Kind     string            `yaml:"kind"`
			Metadata map[string]any    `yaml:"metadata"`
			Data     map[string]string `yaml:"data"`
		}
		if err := yaml.Unmarshal(text, &doc); err != nil || doc.Kind != "Secret" || doc.Metadata["namespace"] != "openalgo-"+n.Name {
			t.Fatalf("%v in:\n%s", err, text)
		}
		for name, value := range doc.Data {
			plain, err := base64.StdEncoding.DecodeString(value)
			if err != nil {
				t.Fatal(err)
			}
			doc.Data[name] = string(plain)
		}
		return doc.Data
	}
	all := parsed(t, traders, secrets)
	first, again := entries(all[0], nil), entries(all[0], nil)
	if len(first) != 6 || first["BROKER_API_KEY"] != "canary-key" || first["SMTP_PASSWORD"] != "canary-'secret\"" || len(first["FERNET_SALT"]) != 32 {
		t.Errorf("%q", first)
	}
	if first["API_KEY_PEPPER"] == again["API_KEY_PEPPER"] {
		t.Error("two Secrets have the same keys")
	}

	// A move keeps the keys, and the data of the machine opens.
	moved := entries(all[0], []byte("APP_KEY = '"+first["APP_KEY"]+"'\nAPI_KEY_PEPPER = '"+first["API_KEY_PEPPER"]+"'\nFERNET_SALT = '"+first["FERNET_SALT"]+"'\n"))
	for _, key := range []string{"APP_KEY", "API_KEY_PEPPER", "FERNET_SALT"} {
		if moved[key] != first[key] {
			t.Errorf("%s was not kept", key)
		}
	}

	mounted := entries(all[1], nil)[".env"]
	env, err := envfile.Parse([]byte(mounted))
	if err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]string{"HOST_SERVER": "https://b.example.com", "TRUST_PROXY_HEADERS": "TRUE", "BROKER_API_SECRET": "canary-'secret\"", "LOG_LEVEL": "DEBUG"} {
		if got, _ := env.Get(key); got != want {
			t.Errorf("%s is %q", key, got)
		}
	}
	kept, err := envfile.Parse([]byte(entries(all[1], []byte(mounted))[".env"]))
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"APP_KEY", "API_KEY_PEPPER", "FERNET_SALT"} {
		before, _ := env.Get(key)
		if after, _ := kept.Get(key); after != before {
			t.Errorf("%s was not kept in .env", key)
		}
	}
}

func TestKubernetesSecretRefusals(t *testing.T) {
	t.Parallel()
	all := parsed(t, traders, secrets)
	pepper := "API_KEY_PEPPER = '" + strings.Repeat("b2", 32) + "'\n"
	for _, c := range []struct {
		id    string
		n     answers.Named
		there string
	}{
		{"secret-yours", all[2], ""},
		{"keys", all[0], "APP_KEY = 'x'\n"},
		{"salt-missing", all[0], pepper},
		{"pepper-known", all[0], "API_KEY_PEPPER = 'OPENALGO_PLACEHOLDER_API_KEY_PEPPER_REGENERATE_BEFORE_USE'\n"},
	} {
		var there []byte
		if c.there != "" {
			there = []byte(c.there)
		}
		text, _, err := Secret(c.n, there)
		if finding.IDOf(err) != c.id || len(bytes.TrimSpace(text)) > 0 {
			t.Errorf("%s: %v", c.id, err)
		}
	}
}

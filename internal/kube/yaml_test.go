package kube

import (
	"maps"
	"strings"
	"testing"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// Texts that a careless writer would change.
var hostile = []string{
	"", " ", "yes", "Off", "NULL", "~", "1e3", "0x10", "012", "1_000", "12:30", "2026-11-26", "- a", "a: b", "a #b", "#a", "'a'", `"a"`, `a\b`, "a\nb", "a\nb\n",
	"\na\n", " a\nb\n", "a\n\nb\n", "a\n\n", "a\tb\nc\n", "a\rb", "\x00\x1b\x7f", "é\u00a0\u2028\ufeff\U0001F600", "{a: b}", "[a]", "&a", "*a", "!a", "|", ">", "%a", "@a", "`a`",
	"---\n", "...\n", "${A}", "{{ a }}", "=", "<<", ".inf", "/ws", "a.example.com", "a\u0085b\n", "?", "? a", ":", "-", "true\n", "x: |\n  y\n", "@IMAGE@", "@NAMESPACE@",
}

func readsBack(t *testing.T, text string) {
	t.Helper()
	want := map[string]string{"a": strings.ToValidUTF8(text, "\uFFFD"), "b" + strings.ToValidUTF8(text, "\uFFFD"): "c"}
	for _, indent := range []string{"", "    "} {
		written := "top:\n" + mapping(indent+" ", []Setting{{"a", text}, {"b" + text, "c"}})
		var got struct {
			Top map[string]string `yaml:"top"`
		}
		if err := yaml.Unmarshal([]byte(written), &got); err != nil || !maps.Equal(got.Top, want) {
			t.Errorf("%q: %q, %v", text, got.Top, err)
		}
	}
}

func TestTextsReadBackAsTheyWere(t *testing.T) {
	t.Parallel()
	for _, text := range hostile {
		readsBack(t, text)
	}
}

func FuzzText(f *testing.F) {
	for _, text := range hostile {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if utf8.RuneCountInString(text) < 1000 { // YAML bounds the length of a key
			readsBack(t, text)
		}
	})
}

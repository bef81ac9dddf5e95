package kube

import (
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// Texts that a careless writer would change.
var hostile = []string{
	"", " ", "yes", "Off", "NULL", "~", "1e3", "0x10", "012", "1_000", "12:30", "2026-11-26", "- a", "a: b", "a #b", "#a", "'a'", `"a"`, `a\b`, "a\nb", "a\nb\n",
	"\na\n", " a\nb\n", "a\n\nb\n", "a\n\n", "a\tb\nc\n", "a\rb", "\x00\x1b\x7f", "é\u00a0\u2028\ufeff\U0001F600", "{a: b}", "[a]", "&a", "*a", "!a", "|", ">", "%a", "@a", "`a`",
	"---\n", "...\n", "${A}", "{{ a }}", "=", "<<", ".inf", "/ws", "a.example.com", "a\u0085b\n", "?", "? a", ":", "-", "true\n", "x: |\n  y\n",
}

func back(t *testing.T, o object) map[string]any {
	t.Helper()
	text := document(o)
	var got map[string]any
	if err := yaml.Unmarshal(text, &got); err != nil {
		t.Fatalf("%v in:\n%s", err, text)
	}
	return got
}

func TestTextsReadBackAsTheyWere(t *testing.T) {
	for _, text := range hostile {
		got := back(t, object{{"a", text}, {"b", object{{"c", text}}}, {"d", list{text, object{{"e", text}, {"f", list{text}}}}}, {"g" + text, true}})
		want := map[string]any{"a": text, "b": map[string]any{"c": text}, "d": []any{text, map[string]any{"e": text, "f": []any{text}}}, "g" + text: true}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %#v", text, got)
		}
	}
}

func TestOtherValues(t *testing.T) {
	got := back(t, object{{"n", 5}, {"no", false}, {"o", object{}}, {"l", list{}}, {"ls", list{1, object{}, list{}}}})
	want := map[string]any{"n": 5, "no": false, "o": map[string]any{}, "l": []any{}, "ls": []any{1, map[string]any{}, []any{}}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%#v", got)
	}
}

func FuzzText(f *testing.F) {
	for _, text := range hostile {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		want := text
		if !utf8.ValidString(text) {
			want = strings.ToValidUTF8(text, "\uFFFD")
		}
		if got := back(t, object{{"a", object{{"b", text}}}}); !reflect.DeepEqual(got, map[string]any{"a": map[string]any{"b": want}}) {
			t.Errorf("%q: %#v", text, got)
		}
	})
}

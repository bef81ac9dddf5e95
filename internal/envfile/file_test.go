package envfile_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/envfile"
	"github.com/marketcalls/openalgo-install/templates"
)

func parse(t *testing.T, text string) *envfile.File {
	t.Helper()
	f, err := envfile.Parse([]byte(text))
	if err != nil {
		t.Fatalf("Parse: %v", err)
	}
	return f
}

func TestGetReadsAsTheAppDoes(t *testing.T) {
	for _, tc := range []struct{ name, text, key, want string }{
		{"single quotes", "K = 'abc'\n", "K", "abc"},
		{"export", "export K='abc'\n", "K", "abc"},
		{"CRLF", "A='1'\r\nK='abc'\r\n", "K", "abc"},
		{"no newline at the end", "K=abc", "K", "abc"},
		{"comment after quotes", "K='a#b' # c\n", "K", "a#b"},
		{"bare with #", "K=a#b\n", "K", "a#b"},
		{"bare with comment", "K=a #b\n", "K", "a"},
		{"empty", "K=\nL=1\n", "K", ""},
		{"tab and space", "\tK\t=\t'abc'\t\n", "K", "abc"},
		{"escapes in single quotes", `K='a\'b\\c\nd'`, "K", `a'b\c\nd`},
		{"escapes in double quotes", `K="a\"b\\c\nd"`, "K", "a\"b\\c\nd"},
		{"several lines", "K='a\r\nL=b'\nM=1\n", "K", "a\nL=b"},
		{"last one wins", "K=1\nK=2\n", "K", "2"},
		{"earlier key", "A=x\nK='a${A}b'\n", "K", "axb"},
		{"later key", "K='a${A}b'\nA=x\n", "K", "ab"},
		{"default", "K='a${A:-d}b'\n", "K", "adb"},
		{"default not used", "A=\nK='a${A:-d}b'\n", "K", "ab"},
		{"dollar without braces", "A=x\nK='$A$'\n", "K", "$A$"},
		{"broken line skipped", "J='a'b'\nK=1\n", "K", "1"},
		{"escaped backslash at the end eats on", "K='ab\\\\'\nL='x'\nM=1\n", "M", "1"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got, ok := parse(t, tc.text).Get(tc.key); !ok || got != tc.want {
				t.Errorf("Get(%s) = %q, %v, want %q", tc.key, got, ok, tc.want)
			}
		})
	}
	for _, text := range []string{"", "# K=1\n", "K\n", "K=1\nK\n", "A='\nK=1\n'\n", "J='\nK='1'\n"} {
		if got, ok := parse(t, text).Get("K"); ok {
			t.Errorf("%q: Get(K) = %q, want none", text, got)
		}
	}
}

func TestKeysInFileOrder(t *testing.T) {
	f := parse(t, "B=1\n#C=2\nA=3\nD\nB=4\n")
	if got := f.Keys(); !slices.Equal(got, []string{"B", "A"}) {
		t.Errorf("Keys() = %v", got)
	}
}

func TestParseRefuses(t *testing.T) {
	for _, tc := range []struct{ name, text, want string }{
		{"byte order mark", "\ufeffK=1\n", "byte order mark"},
		{"NUL", "A=1\r\nK=\x00\n", "line 2"},
		{"not UTF-8", "A=1\n\nK='\xff'\n", "line 3"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := envfile.Parse([]byte(tc.text))
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error %v, want one with %q", err, tc.want)
			}
		})
	}
}

func TestCloneIsIndependent(t *testing.T) {
	f := parse(t, "K=1\n")
	c := f.Clone()
	if err := c.Set("K", "2"); err != nil {
		t.Fatal(err)
	}
	if got, _ := f.Get("K"); got != "1" || string(f.Bytes()) != "K=1\n" {
		t.Errorf("the original changed: %q", f.Bytes())
	}
}

func FuzzParse(f *testing.F) {
	f.Add(templates.Env())
	for _, s := range []string{"K='a\\'\nL='b'\n", "K=\"\\", "export\t'k' = x\r\r\n", "# K = 'v' # c", "=\n'\n", "K\u2028=\u00851 #\x1c"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := envfile.Parse(data)
		envfile.Masked(data)
		if err != nil {
			return
		}
		if string(file.Bytes()) != string(data) {
			t.Fatalf("Bytes() = %q, parsed %q", file.Bytes(), data)
		}
		envfile.Check(file, "1.0.7")
		before := file.Clone()
		const value = `a'b\${X} #`
		if err := file.Set("OA_FUZZ", value); err != nil {
			if string(file.Bytes()) != string(data) {
				t.Fatalf("a refused Set changed the file: %q", file.Bytes())
			}
			return
		}
		if got, _ := file.Get("OA_FUZZ"); got != value {
			t.Fatalf("Get after Set = %q in %q", got, file.Bytes())
		}
		for _, key := range before.Keys() {
			was, _ := before.Get(key)
			if now, _ := file.Get(key); key != "OA_FUZZ" && now != was && !strings.Contains(string(data), "OA_FUZZ") {
				t.Fatalf("%s was %q, is %q after Set of another key in %q", key, was, now, data)
			}
		}
	})
}

package envfile_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/compose-spec/compose-go/v2/dotenv"

	"github.com/marketcalls/openalgo-install/internal/envfile"
)

func TestEncode(t *testing.T) {
	for value, want := range map[string]string{
		``:         `''`,
		`abc`:      `'abc'`,
		`a'b"c`:    `'a\'b"c'`,
		`a\b`:      `'a\\b'`,
		`ends\`:    `'ends\\${:-}'`,
		`$A$`:      `'$A$'`,
		`${A}`:     `'${:-$}{A}'`,
		` # é "`:   `' # é "'`,
		"a\tb\x1b": "'a\tb\x1b'",
	} {
		if got, err := envfile.Encode("K", value); err != nil || got != want {
			t.Errorf("Encode(%q) = %s, %v, want %s", value, got, err, want)
		}
	}
}

// neighbours surround a value in a file: what compose-go must read right
// whatever the value is.
var neighbours = map[string]string{"BEFORE": "1 of 'these'", "SHM_SIZE": "512m", "OMP_NUM_THREADS": "2"}

func fileWith(value string) (string, error) {
	encoded, err := envfile.Encode("K", value)
	return fmt.Sprintf("BEFORE = '1 of \\'these\\''\nSHM_SIZE = '512m'\nK = %s # note\nOMP_NUM_THREADS=2\n", encoded), err
}

func checkNeighbours(t *testing.T, text string) {
	t.Helper()
	got, err := dotenv.UnmarshalBytesWithLookup([]byte(text), nil)
	if err != nil {
		t.Fatalf("compose-go: %v in %q", err, text)
	}
	for key, want := range neighbours {
		if got[key] != want {
			t.Fatalf("compose-go reads %s = %q, want %q in %q", key, got[key], want, text)
		}
	}
}

func FuzzEncode(f *testing.F) {
	for _, s := range []string{"", "a'b", `\`, `\\`, `\'`, "${X}", "${:-$}{", "$", "a # b", " ends ", "\"", "\u2028\u0085\u00a0", "\ufeff", "=", "\t\v\f\x1f\x7f"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, value string) {
		text, err := fileWith(value)
		if refused := !utf8.ValidString(value) || strings.ContainsAny(value, "\x00\r\n"); refused != (err != nil) {
			t.Fatalf("Encode(%q): %v", value, err)
		}
		if err != nil {
			return
		}
		file, err := envfile.Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := file.Get("K"); got != value {
			t.Fatalf("read back %q, want %q", got, value)
		}
		for key, want := range neighbours {
			if got, _ := file.Get(key); got != want {
				t.Fatalf("%s = %q, want %q in %q", key, got, want, text)
			}
		}
		checkNeighbours(t, text)
	})
}

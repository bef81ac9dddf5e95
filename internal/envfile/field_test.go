package envfile_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/envfile"
	"github.com/marketcalls/openalgo-install/internal/finding"
)

// field is a .env as people had it; its values are made up.
func field(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "field", name))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// Each has the one problem that somebody has to hear of, by its key, and no value is
// shown.
func TestProblemsOfTheField(t *testing.T) {
	for name, c := range map[string]struct {
		key, says, value string
		fatal            bool
	}{
		"env-nbsp":              {"BROKER_API_SECRET", "has a no-break or wide space (U+00A0) beside its value", "abc123", false},
		"env-smartquotes":       {"BROKER_API_SECRET", "has a typographic quote (‘), a typographic quote (’) around its value", "‘abc123’", false},
		"env-hash_unq2":         {"BROKER_API_SECRET", "ends before the #", "abc", false},
		"env-dollar":            {"BROKER_API_SECRET", "has a ${...} in it", "ab$HOMEc", false},
		"env-redirect_nobroker": {"REDIRECT_URL", "it must be 'http://127.0.0.1:48835/zerodha/callback'", "http://127.0.0.1:48835/callback", true},
	} {
		t.Run(name, func(t *testing.T) {
			f := parse(t, string(field(t, name)))
			if got, _ := f.Get(c.key); got != c.value {
				t.Errorf("OpenAlgo reads %q", got)
			}
			found := envfile.Check(f, "1.0.7")
			if len(found) != 1 || found[0].Key != c.key || found[0].Fatal != c.fatal || !strings.Contains(found[0].Message, c.says) || found[0].Line == 0 {
				t.Fatalf("%+v", found)
			}
			if c.key != "REDIRECT_URL" && strings.Contains(found[0].Message, "abc") {
				t.Errorf("it shows the value: %s", found[0].Message)
			}
		})
	}
}

func TestEncodingsOfTheField(t *testing.T) {
	for name, is := range map[string]string{"env-bom": "UTF-8 with a byte order mark", "env-utf16": "saved as UTF-16"} {
		text := field(t, name)
		_, err := envfile.Parse(text)
		hints := finding.HintsOf(err)
		if finding.IDOf(err) != "env-encoding" || finding.KindOf(err) != finding.HostNotReady || !strings.Contains(err.Error(), is) ||
			len(hints) != 1 || !slices.Equal(hints[0].Args, []string{"doctor", "--fix"}) {
			t.Errorf("%s: %v, %+v", name, err, hints)
		}
		plain, err := envfile.Converted(text)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if found := envfile.Check(parse(t, string(plain)), "1.0.7"); len(found) != 0 {
			t.Errorf("%s: %+v", name, found)
		}
		if again, err := envfile.Converted(plain); err != nil || string(again) != string(plain) {
			t.Errorf("%s: converted again it differs: %v", name, err)
		}
	}
	for name, text := range map[string]string{
		"half a unit": "\xff\xfeA\x00=", "half a character": "\xff\xfeA\x00=\x00\x00\xd8", "not UTF-8": "\ufeffA=\xff", "NUL": "\ufeffA=\x00",
	} {
		if out, err := envfile.Converted([]byte(text)); err == nil {
			t.Errorf("%s became %q", name, out)
		}
	}
	for name, text := range map[string]string{"big-endian": "\xfe\xff\x00A\x00=\x001", "without a mark": "A\x00=\x001\x00", "big-endian, without": "\x00A\x00=\x001"} {
		if out, err := envfile.Converted([]byte(text)); err != nil || string(out) != "A=1" {
			t.Errorf("%s became %q, %v", name, out, err)
		}
	}
}

// An empty file has every key missing; that its data is there, others know.
func TestEmptyFileOfTheField(t *testing.T) {
	if f := parse(t, string(field(t, "env-zero"))); len(f.Keys()) != 0 {
		t.Errorf("%q", f.Keys())
	}
}

func TestPasted(t *testing.T) {
	for line, says := range map[string]string{
		"BROKER_API_KEY = 'abc\u00a0def'":               "in its value",
		"BROKER_API_KEY = 'abc\u200bdef'":               "invisible character (U+200B)",
		"BROKER_API_KEY = “abc”":                        "around its value",
		"BROKER_API_KEY = 'ab’c'":                       "in its value",
		"BROKER_API_KEY\u00a0= abc":                     "beside its value",
		"APP_KEY = " + appKey + "\t# made in May":       "single quotes",
		"API_KEY_PEPPER = " + pepper + " # made in May": "change nothing but move",
		"SMTP_PASSWORD = secret #1":                     "ends before the #",
		"BROKER_API_KEY = 'abc #def'":                   "",
		"BROKER_API_KEY = abc#def":                      "",
		"BROKER_API_KEY = 'abc' # of Zerodha":           "",
		"BROKER_API_KEY = 'abc' # Zerodha’s":            "",
		"LOG_LEVEL = INFO # or DEBUG":                   "",
		"NOTE = 'the broker’s own name'":                "",
		"NOTE = ‘name’":                                 "around its value",
		"API_KEY_PEPPER = '“" + pepper + "”'":           "",
		"# BROKER_API_KEY = “abc”":                      "",
	} {
		f := sound(t)
		key, _, _ := strings.Cut(strings.TrimRight(line, " "), " ")
		key = strings.TrimRight(key, "\u00a0= ")
		f.Unset(key)
		if key == "API_KEY_PEPPER" {
			f.Unset("FERNET_SALT")
		}
		all := envfile.Check(parse(t, string(f.Bytes())+line+"\n"), "")
		all = slices.DeleteFunc(all, func(p envfile.Problem) bool { return p.Key != key || strings.Contains(p.Message, "missing") })
		if says == "" && len(all) > 0 || says != "" && (len(all) != 1 || all[0].Fatal || !strings.Contains(all[0].Message, says)) {
			t.Errorf("%s: %+v", line, all)
		}
	}
}

func TestRedirectBroker(t *testing.T) {
	for address, want := range map[string]string{
		"http://127.0.0.1:5000/zerodha/callback": "zerodha", "https://a.example.com/Dhan/callback": "dhan", "a.example.com/dhan/callback": "dhan",
		"https://a.example.com/callback": "", "https://a.example.com//callback": "", "callback": "", "": "", "https://a.example.com/dhan/callback/": "",
		"https://a.example.com/dhan": "", "https://a.example.com/x/dhan/callback": "dhan",
	} {
		if got := envfile.RedirectBroker(address); got != want {
			t.Errorf("%q: %q, want %q", address, got, want)
		}
	}
}

package settings

import (
	"slices"
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/instance"
)

const (
	// realSample has the two keys as far apart as OpenAlgo's own does.
	realSample = "ENV_CONFIG_VERSION = '1.0.7'\nAPP_KEY = 'OPENALGO_PLACEHOLDER_APP_KEY_REGENERATE_BEFORE_USE'\n\n" +
		"API_KEY_PEPPER = 'OPENALGO_PLACEHOLDER_API_KEY_PEPPER_REGENERATE_BEFORE_USE'\n\n" +
		"# A salt for every install.\n# Made on the first run.\n# Never the same twice.\n" +
		"FERNET_SALT = 'OPENALGO_PLACEHOLDER_FERNET_SALT_REGENERATE_BEFORE_USE'\n\nLOG_LEVEL = 'INFO'\n"
	// oldSample is of a release that knows no FERNET_SALT.
	oldSample = "ENV_CONFIG_VERSION = '1.0.6'\nAPP_KEY = 'x'\nAPI_KEY_PEPPER = 'x'\n# FERNET_SALT = 'not yet'\nLOG_LEVEL = 'INFO'\n"
	saltless  = "APP_KEY = '" + pepper + "'\nAPI_KEY_PEPPER = '" + pepper + "'\nENV_CONFIG_VERSION = '1.0.6'\n"
)

// saltLines are the lines that set the salt, each with the one before it.
func saltLines(text string) (out []string) {
	lines := strings.Split(text, "\n")
	for n, line := range lines {
		if strings.HasPrefix(line, "FERNET_SALT") {
			before, _, _ := strings.Cut(lines[n-1], " ")
			out = append(out, before+"|"+line)
		}
	}
	return out
}

func TestFreshEnvHasTheSaltThatItsReleaseKnows(t *testing.T) {
	p, _, err := decide(nil, []byte(realSample), nil, instance.State{}, false)
	if err != nil {
		t.Fatal(err)
	}
	got := saltLines(string(p.Text))
	if len(got) != 1 || !strings.HasPrefix(got[0], "API_KEY_PEPPER|FERNET_SALT = '") || len(got[0]) != len("API_KEY_PEPPER|FERNET_SALT = ''")+32 {
		t.Errorf("salt lines %q", got)
	}
	p, _, err = decide(nil, []byte(oldSample), nil, instance.State{}, false)
	if err != nil {
		t.Fatal(err)
	}
	if got := saltLines(string(p.Text)); len(got) != 0 || edits(p) != "APP_KEY API_KEY_PEPPER" {
		t.Errorf("for a release that knows none: %q, edits %q", got, edits(p))
	}
}

// What becomes of the salt of a .env that is there, by what its release knew,
// and the one that comes.
func TestSaltBetweenReleases(t *testing.T) {
	planted := saltless + "FERNET_SALT = '" + salt + "'\n"
	for name, test := range map[string]struct {
		env, sample, was string
		left, resalts    bool // the file keeps its salt lines; the release makes a salt
	}{
		"old stays old":                    {saltless, oldSample, instance.SaltIdle, true, false},
		"old stays old, planted":           {planted, oldSample, instance.SaltIdle, true, false},
		"old to new":                       {saltless, realSample, instance.SaltIdle, true, true},
		"old to new, planted":              {planted, realSample, instance.SaltIdle, false, true},
		"new to old: data depends on it":   {planted, oldSample, instance.SaltUsed, true, false},
		"and back to new":                  {sound, realSample, instance.SaltUsed, true, false},
		"not known: nothing is taken away": {sound, realSample, "", true, false},
	} {
		p, warnings, err := decide(parsed(t, test.env), []byte(test.sample), nil, instance.State{FernetSalt: test.was}, true)
		if err != nil {
			t.Fatal(err)
		}
		want := strings.Join(saltLines(test.env), ";")
		if !test.left {
			want = ""
		}
		if got := strings.Join(saltLines(string(p.Text)), ";"); got != want || p.Resalts != test.resalts {
			t.Errorf("%s: %q, want %q; resalts %v", name, got, want, p.Resalts)
		}
		if told := slices.ContainsFunc(warnings, func(w *finding.Error) bool { return w.ID == "salt-new" }); told != test.resalts {
			t.Errorf("%s: warnings %q", name, warnings)
		}
		if test.resalts && !p.Changes() {
			t.Errorf("%s: an undo would not know the previous .env", name)
		}
	}
}

// A salt that no data depends on is no key of the data.
func TestIdleSaltIsNoDataKey(t *testing.T) {
	s := instance.State{Salt: "x", FernetSalt: instance.SaltIdle}
	s.RememberKeys(parsed(t, sound))
	if s.Keys["FERNET_SALT"] != "" || s.Keys["API_KEY_PEPPER"] == "" {
		t.Errorf("remembered: %v", s.Keys)
	}
	earlier := instance.State{Salt: "x"}
	earlier.RememberKeys(parsed(t, sound))
	other := parsed(t, strings.Replace(sound, salt, strings.Repeat("ab", 16), 1))
	if earlier.OtherKey(other) != "FERNET_SALT" {
		t.Error("another salt was not noticed")
	}
	earlier.FernetSalt = instance.SaltIdle
	if key := earlier.OtherKey(other); key != "" {
		t.Errorf("%s counts although the release does not know it", key)
	}
}

func TestSaltAfterARun(t *testing.T) {
	for _, test := range []struct{ was, sample, want string }{
		{"", oldSample, instance.SaltIdle}, {"", realSample, instance.SaltUsed}, {instance.SaltIdle, realSample, instance.SaltUsed},
		{instance.SaltIdle, oldSample, instance.SaltIdle}, {instance.SaltUsed, oldSample, instance.SaltUsed},
	} {
		if got := SaltAfter(instance.State{FernetSalt: test.was}, []byte(test.sample)); got != test.want {
			t.Errorf("%q, then %.30q: %q, want %q", test.was, test.sample, got, test.want)
		}
	}
	if !NamesSalt(nil) {
		t.Error("without a sample the built-in base serves, which names the salt")
	}
}

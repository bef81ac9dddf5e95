package keys_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/marketcalls/openalgo-install/internal/keys"
	"github.com/marketcalls/openalgo-install/internal/secret"
)

const (
	appPlaceholder    = "OPENALGO_PLACEHOLDER_APP_KEY_REGENERATE_BEFORE_USE"
	pepperPlaceholder = "OPENALGO_PLACEHOLDER_API_KEY_PEPPER_REGENERATE_BEFORE_USE"
	saltPlaceholder   = "OPENALGO_PLACEHOLDER_FERNET_SALT_REGENERATE_BEFORE_USE"

	// Put together here so that no scanner takes them for secrets of ours.
	appLeaked       = "3daa0403ce2501ee7432b75bf100048e" + "3cf510d63d2754f952e93d88bf07ea84"
	appLeakedScript = "3daa0403ce2501ee7432b75bf100048e" + "3cf510d63d2754f952729a991d8e2417"
	pepperLeaked    = "a25d94718479b170c16278e321ea6c98" + "9358bf499a658fd20c90033cef8ce772"
	pepperLeaked24  = "change_this_to_a_random_string_" + "during_setup_e8a4b3f9d2"
)

var (
	sound64 = strings.Repeat("0123456789abcdef", 4)
	sound32 = strings.Repeat("0123456789ABCDEF", 2)
)

func TestStates(t *testing.T) {
	tests := []struct {
		name             string
		value            string
		app, pepper, slt keys.State
	}{
		{"nothing", "", keys.Missing, keys.Missing, keys.Missing},
		{"64 hex", sound64, keys.Sound, keys.Sound, keys.Sound},
		{"32 hex in capitals", sound32, keys.Sound, keys.Sound, keys.Sound},
		{"31 characters", sound32[1:], keys.Malformed, keys.Malformed, keys.Malformed},
		{"33 hex", sound32 + "0", keys.Sound, keys.Sound, keys.Malformed},
		{"34 hex", sound32 + "00", keys.Sound, keys.Sound, keys.Sound},
		{"32 of no hex", strings.Repeat("xyz ", 8), keys.Sound, keys.Sound, keys.Malformed},
		{"31 two-byte characters", strings.Repeat("é", 31), keys.Malformed, keys.Malformed, keys.Malformed},
		{"32 two-byte characters", strings.Repeat("é", 32), keys.Sound, keys.Sound, keys.Malformed},
		{"blanks round a salt", " " + sound32 + " ", keys.Sound, keys.Sound, keys.Sound},
		{"APP_KEY's placeholder", appPlaceholder, keys.Placeholder, keys.Sound, keys.Malformed},
		{"pepper's placeholder", pepperPlaceholder, keys.Sound, keys.Placeholder, keys.Malformed},
		{"salt's placeholder", saltPlaceholder, keys.Sound, keys.Sound, keys.Placeholder},
		{"leaked APP_KEY", appLeaked, keys.Leaked, keys.Sound, keys.Sound},
		{"start.sh's APP_KEY", appLeakedScript, keys.Leaked, keys.Sound, keys.Sound},
		{"leaked pepper", pepperLeaked, keys.Sound, keys.Leaked, keys.Sound},
		{"leaked pepper of 2024", pepperLeaked24, keys.Sound, keys.Leaked, keys.Malformed},
	}
	for _, tt := range tests {
		if a, p, s := keys.AppKeyState(tt.value), keys.PepperState(tt.value), keys.SaltState(tt.value); a != tt.app || p != tt.pepper || s != tt.slt {
			t.Errorf("%s: APP_KEY %s, pepper %s, salt %s; want %s, %s, %s", tt.name, a, p, s, tt.app, tt.pepper, tt.slt)
		}
	}
}

func TestFirstInstallMakesAllThree(t *testing.T) {
	for _, current := range []keys.Keys{{}, of(appPlaceholder, pepperPlaceholder, saltPlaceholder)} {
		d, err := keys.Decide(current, keys.Situation{DatabaseMayExist: false}, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		if want := []string{"APP_KEY", "API_KEY_PEPPER", "FERNET_SALT"}; !reflect.DeepEqual(d.New, want) {
			t.Errorf("New = %v", d.New)
		}
		if len(d.Warnings) != 0 {
			t.Errorf("the ordinary case warns: %q", d.Warnings)
		}
		hex64, hex32 := regexp.MustCompile(`^[0-9a-f]{64}$`), regexp.MustCompile(`^[0-9a-f]{32}$`)
		if !hex64.MatchString(d.Keys.AppKey.Reveal()) || !hex64.MatchString(d.Keys.Pepper.Reveal()) || !hex32.MatchString(d.Keys.FernetSalt.Reveal()) {
			t.Error("a key has the wrong form")
		}
		if d.Keys.AppKey == d.Keys.Pepper {
			t.Error("APP_KEY and pepper are the same")
		}
		again, err := keys.Decide(d.Keys, keys.Situation{DatabaseMayExist: false}, noRand(t))
		if err != nil || again.Keys != d.Keys || len(again.New)+len(again.Warnings) != 0 {
			t.Errorf("the keys we made do not stand: New %v, %q, %v", again.New, again.Warnings, err)
		}
	}
}

func TestDecide(t *testing.T) {
	tests := []struct {
		name             string
		app, pepper, slt string
		database         bool
		wantNew          []string
		wantWarnings     []string // one for each: a part of it
	}{
		{"all sound", sound64, sound64, sound32, true, nil, nil},
		{"all sound, no database", sound64, sound64, sound32, false, nil, nil},
		{"a salt of 64 digits stays", sound64, sound64, sound64, true, nil, nil},
		{"leaked APP_KEY", appLeaked, sound64, sound32, true, []string{"APP_KEY"}, []string{"log in once more"}},
		{"start.sh's APP_KEY", appLeakedScript, sound64, sound32, true, []string{"APP_KEY"}, []string{"log in once more"}},
		{"missing APP_KEY", "", sound64, sound32, true, []string{"APP_KEY"}, []string{"APP_KEY was missing"}},
		{"short APP_KEY, no database", "short", sound64, sound32, false, []string{"APP_KEY"}, []string{"APP_KEY was malformed"}},
		{"leaked pepper is kept", sound64, pepperLeaked, sound32, true, nil, []string{"no other value opens your data"}},
		{"leaked pepper of 2024 is kept", sound64, pepperLeaked24, sound32, true, nil, []string{"a published value"}},
		{"placeholder pepper is kept", sound64, pepperPlaceholder, sound32, true, nil, []string{"API_KEY_PEPPER is a placeholder"}},
		{"leaked pepper, no database", sound64, pepperLeaked, sound32, false, []string{"API_KEY_PEPPER"}, []string{"a published value"}},
		{"short pepper, no database", sound64, "short", sound32, false, []string{"API_KEY_PEPPER"}, []string{"malformed"}},
		{"missing salt is the app's to make", sound64, sound64, "", true, nil, []string{"FERNET_SALT is missing"}},
		{"placeholder salt, too", sound64, sound64, saltPlaceholder, true, nil, []string{"FERNET_SALT is a placeholder"}},
		{"malformed salt, too", sound64, sound64, sound32 + "0", true, nil, []string{"FERNET_SALT is malformed"}},
		{"malformed salt, no database", sound64, sound64, "zz", false, []string{"FERNET_SALT"}, []string{"malformed"}},
		{"missing salt, no database", sound64, sound64, "", false, []string{"FERNET_SALT"}, nil},
		{"the sample copied over a working .env", appPlaceholder, pepperPlaceholder, saltPlaceholder, true, []string{"APP_KEY"},
			[]string{"APP_KEY was a placeholder", "It is kept", "OpenAlgo will try to create one"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			current := of(tt.app, tt.pepper, tt.slt)
			d, err := keys.Decide(current, keys.Situation{DatabaseMayExist: tt.database}, rand.Reader)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(d.New, tt.wantNew) {
				t.Errorf("New = %v, want %v", d.New, tt.wantNew)
			}
			checkOnlyNewDiffer(t, current, d)
			if len(d.Warnings) != len(tt.wantWarnings) {
				t.Fatalf("warnings: %q", d.Warnings)
			}
			for i, w := range d.Warnings.Texts() {
				if !strings.Contains(w, tt.wantWarnings[i]) || !strings.HasSuffix(w, ".") {
					t.Errorf("warning %q does not say %q", w, tt.wantWarnings[i])
				}
			}
		})
	}
}

func TestLostPepperStopsEverything(t *testing.T) {
	for pepper, state := range map[string]keys.State{"": keys.Missing, "short": keys.Malformed} {
		d, err := keys.Decide(of(appLeaked, pepper, ""), keys.Situation{DatabaseMayExist: true}, noRand(t))
		var lost *keys.LostError
		if !errors.As(err, &lost) || lost.Key != "API_KEY_PEPPER" || lost.State != state {
			t.Fatalf("pepper %q: %v", pepper, err)
		}
		if !reflect.DeepEqual(d, keys.Decision{}) {
			t.Errorf("pepper %q: a decision beside the error: %v", pepper, d)
		}
		for _, way := range []string{"restore the .env", "another name"} {
			if !strings.Contains(err.Error(), way) {
				t.Errorf("the error does not say %q: %v", way, err)
			}
		}
	}
}

func TestRandomSourceFails(t *testing.T) {
	broken := errors.New("broken")
	_, err := keys.Decide(keys.Keys{}, keys.Situation{DatabaseMayExist: false}, iotest.ErrReader(broken))
	if !errors.Is(err, broken) || !strings.Contains(err.Error(), "APP_KEY") {
		t.Errorf("got %v", err)
	}
	if _, err := keys.Decide(keys.Keys{}, keys.Situation{DatabaseMayExist: false}, bytes.NewReader(make([]byte, 40))); err == nil {
		t.Error("a source that ends early makes keys of zeroes")
	}
}

// FuzzDecide: whatever stands in .env, a sound key stays, a pepper stays where
// a database may exist, a salt is never made for one, and no value is printed.
func FuzzDecide(f *testing.F) {
	f.Add(sound64, sound64, sound32, true)
	f.Add(appLeaked, pepperLeaked, saltPlaceholder, true)
	f.Add("", "", "", false)
	f.Add("'", "short", sound32+"0", false)
	f.Fuzz(func(t *testing.T, app, pepper, salt string, database bool) {
		current := of(app, pepper, salt)
		d, err := keys.Decide(current, keys.Situation{DatabaseMayExist: database}, rand.Reader)
		if err != nil {
			if s := keys.PepperState(pepper); !database || (s != keys.Missing && s != keys.Malformed) {
				t.Fatalf("pepper %s, database %v: %v", s, database, err)
			}
			return
		}
		checkOnlyNewDiffer(t, current, d)
		if keys.AppKeyState(d.Keys.AppKey.Reveal()) != keys.Sound {
			t.Fatal("an APP_KEY that is not sound was left")
		}
		if database && (d.Keys.Pepper != current.Pepper || d.Keys.FernetSalt != current.FernetSalt) {
			t.Fatal("a pepper or salt was changed under a database")
		}
		if !database && (keys.PepperState(d.Keys.Pepper.Reveal()) != keys.Sound || keys.SaltState(d.Keys.FernetSalt.Reveal()) != keys.Sound) {
			t.Fatal("a pepper or salt that is not sound was left without need")
		}
		printed := fmt.Sprintf("%v %+v %#v", d, d, d)
		for _, k := range []secret.Text{d.Keys.AppKey, d.Keys.Pepper, d.Keys.FernetSalt} {
			if len(k.Reveal()) >= 32 && strings.Contains(printed, k.Reveal()) {
				t.Fatal("a key was printed")
			}
		}
	})
}

func of(app, pepper, salt string) keys.Keys {
	return keys.Keys{AppKey: secret.New(app), Pepper: secret.New(pepper), FernetSalt: secret.New(salt)}
}

// checkOnlyNewDiffer fails unless exactly the keys named in New have changed,
// and none of them was sound.
func checkOnlyNewDiffer(t *testing.T, was keys.Keys, d keys.Decision) {
	t.Helper()
	isNew := map[string]bool{}
	for _, name := range d.New {
		isNew[name] = true
	}
	for _, k := range []struct {
		name     string
		was, now secret.Text
		state    func(string) keys.State
	}{
		{keys.AppKey, was.AppKey, d.Keys.AppKey, keys.AppKeyState},
		{keys.Pepper, was.Pepper, d.Keys.Pepper, keys.PepperState},
		{keys.FernetSalt, was.FernetSalt, d.Keys.FernetSalt, keys.SaltState},
	} {
		if changed := k.was != k.now; changed != isNew[k.name] {
			t.Errorf("%s: changed %v, but New is %v", k.name, changed, d.New)
		}
		if isNew[k.name] && k.state(k.was.Reveal()) == keys.Sound {
			t.Errorf("%s was sound and has been replaced", k.name)
		}
	}
}

// noRand fails the test when it is read.
func noRand(t *testing.T) reader { return reader{t} }

type reader struct{ t *testing.T }

func (r reader) Read([]byte) (int, error) {
	r.t.Error("random bytes were read although no key was to be made")
	return 0, errors.New("not to be read")
}

// A release that does not know FERNET_SALT gets none: a later one would take it
// for the salt of what is stored under the fixed one. One that is there stays.
func TestNoSaltWhereTheReleaseKnowsNone(t *testing.T) {
	for _, database := range []bool{false, true} {
		for _, salt := range []string{"", saltPlaceholder, "abc", sound32} {
			d, err := keys.Decide(of(sound64, sound64, salt), keys.Situation{DatabaseMayExist: database, NoSalt: true}, noRand(t))
			if err != nil || len(d.New)+len(d.Warnings) != 0 || d.Keys.FernetSalt.Reveal() != salt {
				t.Errorf("database %v, salt %q: new %v, warnings %q, %v", database, salt, d.New, d.Warnings, err)
			}
		}
	}
	d, err := keys.Decide(keys.Keys{}, keys.Situation{NoSalt: true}, rand.Reader)
	if want := []string{"APP_KEY", "API_KEY_PEPPER"}; err != nil || !reflect.DeepEqual(d.New, want) {
		t.Errorf("New = %v, %v", d.New, err)
	}
}

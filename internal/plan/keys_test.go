package plan

import (
	"fmt"
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/envfile"
	"github.com/marketcalls/openalgo-install/internal/guard"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/world"
)

func TestKeyFault(t *testing.T) {
	t.Parallel()
	pepper, salt, other := strings.Repeat("a71e", 16), strings.Repeat("5d0b", 8), strings.Repeat("0c3d", 16)
	sound := "# mine\nAPI_KEY_PEPPER = '" + pepper + "'\nFERNET_SALT = '" + salt + "'\n"
	env := func(text string) *envfile.File {
		file, err := envfile.Parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return file
	}
	known := instance.State{Project: "openalgo", Salt: "x"}
	known.RememberKeys(env(sound))
	for name, c := range map[string]struct {
		text string
		last instance.State
		want []string // nil: nothing is wrong
	}{
		"the same":                   {sound, known, nil},
		"nothing known":              {strings.Replace(sound, pepper, other, 1), instance.State{}, nil},
		"said twice alike":           {sound + "API_KEY_PEPPER='" + pepper + "'\n", known, nil},
		"another pepper":             {strings.Replace(sound, pepper, other, 1), known, []string{"API_KEY_PEPPER", "line 2"}},
		"another salt":               {strings.Replace(sound, salt, other[:32], 1), known, []string{"FERNET_SALT", "line 3"}},
		"two peppers, the last ours": {"API_KEY_PEPPER='" + other + "'\n" + sound, known, []string{"API_KEY_PEPPER", "lines 1 and 3"}},
		"two, nothing known":         {sound + "API_KEY_PEPPER=" + other, instance.State{}, []string{"lines 2 and 4"}},
		"empty":                      {" \n", known, []string{"empty"}},
		"no pepper, nothing known":   {"FERNET_SALT = '" + salt + "'\n", instance.State{}, []string{"API_KEY_PEPPER"}},
		"the sample's pepper":        {"API_KEY_PEPPER=OPENALGO_PLACEHOLDER_API_KEY_PEPPER_REGENERATE_BEFORE_USE\n", instance.State{}, []string{"API_KEY_PEPPER", "line 1"}},
		"no salt any more":           {strings.Replace(sound, "FERNET_SALT", "# ", 1), known, []string{"FERNET_SALT", "gone"}},
	} {
		got := guard.KeyFault(&world.Observation{Env: env(c.text), State: c.last})
		if (got == "") != (c.want == nil) {
			t.Errorf("%s: %q", name, got)
		}
		for _, word := range c.want {
			if !strings.Contains(got, word) {
				t.Errorf("%s: %q does not name %q", name, got, word)
			}
		}
		if strings.Contains(got, pepper) || strings.Contains(got, other) || strings.Contains(got, salt) {
			t.Errorf("%s: a key is shown", name)
		}
	}
}

// Whoever replaced the database brought its keys along: an empty file is none.
func TestForgetTheKeys(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{"": false, strings.ReplaceAll(testEnv, "a71e", "0000"): true} {
		o := goodWorld(t)
		withEnv(o, t, text)
		if text == "" {
			o.Env, _ = envfile.Parse(nil)
		}
		if ways := fmt.Sprint(guard.KeyWays(o)); strings.Contains(ways, "state.json") != want {
			t.Errorf("with %q: %s", text, ways)
		}
	}
}

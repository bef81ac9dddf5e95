package answers

import (
	"strings"
	"testing"
)

func TestWatch(t *testing.T) {
	t.Parallel()
	const head = "version: 1\nbroker: {name: zerodha, credentials: later}\n"
	for text, want := range map[string]Watch{
		"":                         {},
		"watch: {enabled: true}\n": {Enabled: true},
		"watch: {enabled: true, preopen: \"08:30\"}\n":  {Enabled: true, PreOpen: "08:30"},
		"watch: {enabled: true, preopen: off}\n":        {Enabled: true, PreOpen: "off"},
		"watch: {enabled: false, preopen: \"09:00\"}\n": {PreOpen: "09:00"},
	} {
		a, problems := Parse([]byte(head+text), Lookup{})
		if len(problems) > 0 || a.Watch != want {
			t.Errorf("%q: %+v, %v", text, a.Watch, problems)
		}
		saved, err := a.Public()
		if err != nil || strings.Contains(string(saved), "enabled: true\n") && !want.Enabled {
			t.Errorf("%q: %v\n%s", text, err, saved)
		}
		again, problems := Parse(saved, Lookup{})
		if len(problems) > 0 && !strings.Contains(problems[0].Key, "broker") || again.Watch != want {
			t.Errorf("%q is saved as\n%s", text, saved)
		}
	}
	for _, wrong := range []string{"watch: on\n", "watch: {preopen: \"8:45\"}\n", "watch: {preopen: soon}\n", "watch: {at: 1}\n", "watch: {enabled: yes}\n"} {
		if _, problems := Parse([]byte(head+wrong), Lookup{}); len(problems) != 1 || !strings.HasPrefix(problems[0].Key, "watch") {
			t.Errorf("%q: %v", wrong, problems)
		}
	}
}

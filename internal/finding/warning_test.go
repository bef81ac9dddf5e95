package finding

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

// What a warning says, and what to do, is one text on the screen and data for
// programs.
func TestWarning(t *testing.T) {
	t.Parallel()
	plain := Warn("tag-moved", "the tag %s has moved", "a:1")
	withHint := Warn("data-missing", "The data is missing.").With(Hint{Do: "To get it back", Dir: "/srv/a", Args: []string{"restore", "FILE"}})
	all := Warnings{plain, withHint}
	if got := strings.Join(all.Texts(), "|"); got != "the tag a:1 has moved|The data is missing. To get it back: openalgo-install --dir /srv/a restore FILE" {
		t.Error(got)
	}
	text, err := json.Marshal(all)
	if err != nil || string(text) != `[{"id":"tag-moved","kind":"warning","text":"the tag a:1 has moved"},`+
		`{"id":"data-missing","kind":"warning","text":"The data is missing.","hints":[{"do":"To get it back","args":["restore","FILE"],"dir":"/srv/a"}]}]` {
		t.Fatalf("%s, %v", text, err)
	}
	var back Warnings
	if err := json.Unmarshal(text, &back); err != nil || back[1].Kind != Warning || IDOf(back[1]) != "data-missing" || !reflect.DeepEqual(back.Texts(), all.Texts()) {
		t.Errorf("%v, %v", back, err)
	}
}

package plan

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/finding"
)

// A program finds the texts of warnings where they always were, and their names
// beside them; a plan that another process wrote has them, too.
func TestWarningsInJSON(t *testing.T) {
	t.Parallel()
	p := &Plan{Changes: []Change{}, Told: finding.Tell()}
	document := func() (out struct {
		Changes  []Change         `json:"changes"`
		Warnings []string         `json:"warnings"`
		Findings finding.Warnings `json:"findings"`
	}) {
		text, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		back := &Plan{}
		if err := json.Unmarshal(text, back); err != nil || !reflect.DeepEqual(back.Warnings, p.Warnings) {
			t.Errorf("%v, %v", back.Warnings, err)
		}
		if err := json.Unmarshal(text, &out); err != nil {
			t.Fatal(err)
		}
		return out
	}
	if d := document(); d.Changes == nil || d.Warnings == nil || d.Findings != nil {
		t.Errorf("%+v", d)
	}
	p.Warn(finding.Warn("tag-moved", "moved\x1b[2J"), finding.Warn("data-missing", "gone").With(finding.Run("Restore it", "restore", "FILE")))
	d := document()
	if want := []string{"moved", "gone. Restore it: openalgo-install restore FILE"}; len(d.Warnings) != 2 || d.Warnings[1] != want[1] || d.Warnings[0] == "moved\x1b[2J" {
		t.Errorf("%q, want %q", d.Warnings, want)
	}
	if len(d.Findings) != 2 || d.Findings[0].ID != "tag-moved" || len(d.Findings[1].Hints[0].Args) != 2 {
		t.Errorf("%+v", d.Findings)
	}
}

package doctor

import (
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/finding"
)

// The fixture has every warning that Docker 29 can say of a Linux machine.
func TestEngineWarnings(t *testing.T) {
	text, err := os.ReadFile("testdata/warnings-29.json")
	if err != nil {
		t.Fatal(err)
	}
	p := sound(t)
	if err := json.Unmarshal(text, &p.engine.Warnings); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range engineWarns(p.patient) {
		got = append(got, f.ID)
		switch {
		case f.Level != Warning || f.Check != "engine":
			t.Errorf("%+v", f)
		case f.ID == "engine-api-open" && !strings.Contains(f.Evidence, "open on 0.0.0.0:2375 ") && !strings.Contains(f.Evidence, "open on [::]:2376 "):
			t.Errorf("the address is not named: %s", f.Evidence)
		}
	}
	want := []string{"engine-warns", "engine-api-open", "engine-api-open", "limits-unsupported", "forwarding-off", "ports-unguarded"}
	if !slices.Equal(got, want) {
		t.Errorf("%q, not %q", got, want)
	}
}

// No Docker helps a machine that OpenAlgo does not exist for.
func TestPlatformWithoutHint(t *testing.T) {
	p := patient{engineErr: finding.Named(finding.HostNotReady, "engine-platform", "this machine is 32-bit ARM")}
	if got := engineAnswers(p); len(got) != 1 || got[0].Level != Failure || len(got[0].Hints) > 0 {
		t.Errorf("%+v", got)
	}
	p.engineErr = errors.New("no Docker answers")
	if got := engineAnswers(p); len(got[0].Hints) != 1 {
		t.Errorf("%+v", got)
	}
}

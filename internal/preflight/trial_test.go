package preflight_test

import (
	"strings"
	"testing"
	"time"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/preflight"
	"github.com/marketcalls/openalgo-install/internal/step"
	"github.com/marketcalls/openalgo-install/internal/world"
)

func TestRefusals(t *testing.T) {
	dir := instance.Dir(t.TempDir())
	if _, err := dir.Create(); err != nil {
		t.Fatal(err)
	}
	trialOf := func(ca, trial string) (string, error) {
		o, a := &world.Observation{Now: time.Now()}, answers.Answers{Domain: "algo.example.com", TLS: answers.TLS{CA: ca, CATrial: trial}}
		o.Edge.Refused = world.Refusals(dir, a.Domain, o.Now.Add(-world.RefusalsCount))
		return preflight.Trial(o, a)
	}
	if trial, err := trialOf("", ""); trial != "" || err != nil {
		t.Error(trial, err)
	}
	step.NoteRefusal(dir, "other.example.com")
	if trial, err := trialOf("", ""); trial != "" || err != nil {
		t.Error(trial, err)
	}
	step.NoteRefusal(dir, "algo.example.com")
	for ca, want := range map[string]string{"": preflight.LetsEncryptStaging, "https://ca.example.com": ""} {
		if trial, err := trialOf(ca, ""); trial != want || err != nil {
			t.Error(ca, trial, err)
		}
	}
	for range preflight.RefusalsAnHour {
		step.NoteRefusal(dir, "algo.example.com")
	}
	if _, err := trialOf("", ""); finding.KindOf(err) != finding.HostNotReady || !strings.Contains(err.Error(), "accepts no more attempts before") {
		t.Error(err)
	}
	if _, err := trialOf("https://ca.example.com", ""); err != nil {
		t.Error(err)
	}
	if n := len(world.Refusals(dir, "algo.example.com", time.Now().Add(time.Minute))); n != 0 {
		t.Error(n)
	}
}

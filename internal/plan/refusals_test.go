package plan

import (
	"strings"
	"testing"
	"time"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/step"
	"github.com/marketcalls/openalgo-install/internal/world"
)

func TestRefusals(t *testing.T) {
	dir := instance.Dir(t.TempDir())
	if _, err := dir.Create(); err != nil {
		t.Fatal(err)
	}
	trialOf := func(ca, trial string) (string, error) {
		o, p := &world.Observation{Now: time.Now()}, &Plan{Edge: &EdgePlan{}, Answers: answers.Answers{Domain: "algo.example.com", TLS: answers.TLS{CA: ca, CATrial: trial}}}
		o.Edge.Refused = world.Refusals(dir, p.Answers.Domain, o.Now.Add(-world.RefusalsCount))
		err := decideTrial(o, p)
		return p.Edge.Trial, err
	}
	if trial, err := trialOf("", ""); trial != "" || err != nil {
		t.Error(trial, err)
	}
	step.NoteRefusal(dir, "other.example.com")
	if trial, err := trialOf("", ""); trial != "" || err != nil {
		t.Error(trial, err)
	}
	step.NoteRefusal(dir, "algo.example.com")
	for ca, want := range map[string]string{"": LetsEncryptStaging, "https://ca.example.com": ""} {
		if trial, err := trialOf(ca, ""); trial != want || err != nil {
			t.Error(ca, trial, err)
		}
	}
	for range RefusalsAnHour {
		step.NoteRefusal(dir, "algo.example.com")
	}
	if _, err := trialOf("", ""); finding.KindOf(err) != finding.HostNotReady || !strings.Contains(err.Error(), "takes no more before") {
		t.Error(err)
	}
	if _, err := trialOf("https://ca.example.com", ""); err != nil {
		t.Error(err)
	}
	if n := len(world.Refusals(dir, "algo.example.com", time.Now().Add(time.Minute))); n != 0 {
		t.Error(n)
	}
}

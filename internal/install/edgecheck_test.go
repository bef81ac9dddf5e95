package install

import (
	"strings"
	"testing"
	"time"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/world"
)

func TestRefusals(t *testing.T) {
	in := &Installer{dir: instance.Dir(t.TempDir())}
	if _, err := in.dir.Create(); err != nil {
		t.Fatal(err)
	}
	plan := func(ca, trial string) (string, error) {
		o, p := &observed{Now: time.Now()}, &Plan{edge: &edgePlan{}, answers: answers.Answers{Domain: "algo.example.com", TLS: answers.TLS{CA: ca, CATrial: trial}}}
		o.Edge.Refused = world.Refusals(in.dir, p.answers.Domain, o.Now.Add(-world.RefusalsCount))
		err := planTrial(o, p)
		return p.edge.trial, err
	}
	if trial, err := plan("", ""); trial != "" || err != nil {
		t.Error(trial, err)
	}
	in.noteRefusal("other.example.com")
	if trial, err := plan("", ""); trial != "" || err != nil {
		t.Error(trial, err)
	}
	in.noteRefusal("algo.example.com")
	for ca, want := range map[string]string{"": letsEncryptStaging, "https://ca.example.com": ""} {
		if trial, err := plan(ca, ""); trial != want || err != nil {
			t.Error(ca, trial, err)
		}
	}
	for range refusalsAnHour {
		in.noteRefusal("algo.example.com")
	}
	if _, err := plan("", ""); finding.KindOf(err) != finding.HostNotReady || !strings.Contains(err.Error(), "takes no more before") {
		t.Error(err)
	}
	if _, err := plan("https://ca.example.com", ""); err != nil {
		t.Error(err)
	}
	if n := len(world.Refusals(in.dir, "algo.example.com", time.Now().Add(time.Minute))); n != 0 {
		t.Error(n)
	}
}

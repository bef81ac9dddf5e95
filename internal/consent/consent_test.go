package consent

import (
	"errors"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/plan"
)

func TestCovers(t *testing.T) {
	t.Parallel()
	file := plan.Change{Kind: plan.KindFile, Name: ".env", Action: plan.ActionUpdate, Reason: "3 MiB", Diff: "+A=1"}
	of := func(change plan.Change, asks ...plan.Ask) *plan.Plan {
		return &plan.Plan{Changes: []plan.Change{change}, Asks: asks}
	}
	other := file
	other.Diff = "+A=2"
	again := file
	again.Reason = "4 MiB"
	rights := plan.Ask{Kind: plan.AskRights, Text: "privileged"}
	for name, c := range map[string]struct {
		shown  bool
		before *plan.Plan
		now    *plan.Plan
		want   bool
	}{
		"same":              {true, of(file), of(file), true},
		"another figure":    {true, of(file), of(again), true},
		"another value":     {true, of(file), of(other), false},
		"nothing left":      {true, of(file), &plan.Plan{}, false},
		"flags":             {false, of(file), of(other), true},
		"the market opened": {false, of(file), of(file, plan.Ask{Kind: plan.AskMarket, Text: "open"}), false},
		"the market closed": {true, of(file, plan.Ask{Kind: plan.AskMarket, Text: "open"}), of(file), true},
		"other figures":     {true, of(file, plan.Ask{Kind: plan.AskDown, Text: "3 MiB"}), of(file, plan.Ask{Kind: plan.AskDown, Text: "4 MiB"}), true},
		"the same right":    {true, of(file, rights), of(file, rights), true},
		"another right":     {true, of(file, rights), of(file, plan.Ask{Kind: plan.AskRights, Text: "the Docker socket"}), false},
	} {
		given, err := Ask(func(*plan.Plan) (bool, error) { return c.shown, nil }, c.before)
		if err != nil || given.Covers(c.now) != c.want {
			t.Errorf("%s: %v, %v", name, !c.want, err)
		}
	}
	if given, err := Ask(nil, of(file)); err != nil || !given.Covers(of(other, rights)) {
		t.Error("nobody has to be asked, and is", err)
	}
	refused := errors.New("no")
	if _, err := Ask(func(*plan.Plan) (bool, error) { return true, refused }, of(file)); !errors.Is(err, refused) {
		t.Error(err)
	}
}

// Programs get the plan in any case; a person who has read it does not.
func TestTell(t *testing.T) {
	t.Parallel()
	p := &plan.Plan{Changes: []plan.Change{{Kind: plan.KindFile}}, Told: finding.Tell(finding.Warn("x", "a warning"))}
	for _, shown := range []bool{true, false} {
		given, _ := Ask(func(*plan.Plan) (bool, error) { return shown, nil }, p)
		var got []event.Event
		given.Tell(event.ReporterFunc(func(e event.Event) { got = append(got, e) }), "/srv/a", p)
		if len(got) != 2 || got[0].Type != event.TypePlan || got[1].Type != event.TypeWarning || got[0].Shown != shown || got[1].Shown != shown {
			t.Errorf("%+v", got)
		}
	}
}

// While an image is pulled or built, a market may open.
func TestAnswers(t *testing.T) {
	t.Parallel()
	market, down := plan.Ask{Kind: plan.AskMarket, Text: "open"}, plan.Ask{Kind: plan.AskDown, Text: "3 MiB"}
	for _, shown := range []bool{true, false} {
		given, _ := Ask(func(*plan.Plan) (bool, error) { return shown, nil }, &plan.Plan{Asks: []plan.Ask{down}})
		changed := &plan.Plan{Changes: []plan.Change{{Kind: plan.KindFile, Diff: "+A=1"}}, Asks: []plan.Ask{down}}
		if !given.Answers(changed) || given.Answers(&plan.Plan{Asks: []plan.Ask{down, market}}) {
			t.Errorf("shown %v: a question is answered that was not asked, or the reverse", shown)
		}
	}
	if given, _ := Ask(nil, &plan.Plan{}); !given.Answers(&plan.Plan{Asks: []plan.Ask{market}}) {
		t.Error("nobody has to be asked, and is")
	}
}

package rules

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/marketcalls/openalgo-install/internal/market"
	"github.com/marketcalls/openalgo-install/internal/notify"
)

// at is a time of Thursday, 26 November 2026, in India.
func at(clock string) time.Time {
	t, err := time.ParseInLocation("2006-01-02 15:04", "2026-11-26 "+clock, market.IST)
	if err != nil {
		panic(err)
	}
	return t
}

var (
	notReady = Problem{Instance: "openalgo", Check: "not-ready", Severity: notify.Problem, Title: "OpenAlgo (openalgo) is not ready", Text: "the database is locked",
		Command: "sudo openalgo-install doctor", Over: "OpenAlgo (openalgo) is ready again", Lasting: true, Urgent: true}
	disk   = Problem{Check: "disk", Severity: notify.Warning, Title: "The disk is 91% full"}
	down   = Problem{Check: "docker", Severity: notify.Problem, Title: "Docker does not answer", Down: true}
	backup = Problem{Instance: "openalgo", Check: "backup", Severity: notify.Problem, Title: "The daily backup failed", AtOnce: true}
)

// step is a round, and the titles that are told after it.
type step struct {
	at    time.Time
	has   []Problem
	want  []string
	tweak func(*Round)
}

func TestJudge(t *testing.T) {
	t.Parallel()
	night := notify.Rules{Quiet: notify.Hours{From: 22 * 60, To: 6 * 60}}
	for name, test := range map[string]struct {
		set   notify.Rules
		steps []step
	}{
		"once, and its end once": {steps: []step{
			{at("08:52"), []Problem{notReady}, nil, nil},
			{at("08:53"), []Problem{notReady}, []string{"OpenAlgo (openalgo) is not ready since 08:52 IST"}, nil},
			{at("08:54"), []Problem{notReady}, nil, nil},
			{at("09:06"), nil, nil, nil},
			{at("09:07"), nil, []string{"OpenAlgo (openalgo) is ready again"}, nil},
			{at("09:08"), nil, nil, nil},
		}},
		"a moment is nothing": {steps: []step{
			{at("08:52"), []Problem{notReady}, nil, nil},
			{at("08:53"), nil, nil, nil},
			{at("08:54"), nil, nil, nil},
			{at("08:55"), []Problem{notReady}, nil, nil},
		}},
		"what comes back at once has not ended": {steps: []step{
			{at("08:52"), []Problem{notReady}, nil, nil},
			{at("08:53"), []Problem{notReady}, []string{"OpenAlgo (openalgo) is not ready since 08:52 IST"}, nil},
			{at("08:54"), nil, nil, nil},
			{at("08:55"), []Problem{notReady}, nil, nil},
			{at("08:56"), nil, nil, nil},
			{at("08:57"), nil, []string{"OpenAlgo (openalgo) is ready again"}, nil},
		}},
		"again after six hours, urgent ones in market hours after half an hour": {steps: []step{
			{at("09:20"), []Problem{notReady, disk}, nil, open},
			{at("09:21"), []Problem{notReady, disk}, []string{"OpenAlgo (openalgo) is not ready since 09:20 IST", "The disk is 91% full"}, open},
			{at("09:50"), []Problem{notReady, disk}, nil, open},
			{at("09:51"), []Problem{notReady, disk}, []string{"Still: OpenAlgo (openalgo) is not ready since 09:20 IST"}, open},
			{at("10:30"), []Problem{notReady, disk}, nil, nil},
			{at("15:21"), []Problem{notReady, disk}, []string{"Still: The disk is 91% full"}, nil},
			{at("15:51"), []Problem{notReady, disk}, []string{"Still: OpenAlgo (openalgo) is not ready since 09:20 IST"}, nil},
		}},
		"hours of one's own": {set: notify.Rules{Repeat: time.Hour}, steps: []step{
			{at("09:20"), []Problem{disk}, nil, nil},
			{at("09:21"), []Problem{disk}, []string{"The disk is 91% full"}, nil},
			{at("10:20"), []Problem{disk}, nil, nil},
			{at("10:21"), []Problem{disk}, []string{"Still: The disk is 91% full"}, nil},
		}},
		"the machine's problem hides those of its instances": {steps: []step{
			{at("08:50"), []Problem{notReady}, nil, nil},
			{at("08:51"), []Problem{notReady}, []string{"OpenAlgo (openalgo) is not ready since 08:50 IST"}, nil},
			{at("08:52"), []Problem{down, backup}, nil, nil},
			{at("08:53"), []Problem{down, backup}, []string{"Docker does not answer"}, nil},
			{at("08:58"), []Problem{down}, nil, nil},
			{at("08:59"), []Problem{notReady}, nil, nil}, // still there, so neither told again nor over
			{at("09:00"), []Problem{notReady}, []string{"Over: Docker does not answer"}, nil},
			{at("09:01"), nil, nil, nil},
			{at("09:02"), nil, []string{"OpenAlgo (openalgo) is ready again"}, nil},
		}},
		"silence while a command changes the instance, for an hour": {steps: []step{
			{at("16:00"), []Problem{notReady}, nil, busy},
			{at("16:30"), []Problem{notReady, disk}, nil, busy},
			{at("16:31"), []Problem{notReady, disk}, []string{"The disk is 91% full"}, busy},
			{at("17:01"), []Problem{notReady, disk}, nil, busy},
			{at("17:02"), []Problem{notReady, disk}, []string{"OpenAlgo (openalgo) is not ready since 17:01 IST"}, busy},
		}},
		"quiet hours are for warnings, and for their ends": {set: night, steps: []step{
			{at("21:58"), []Problem{disk}, nil, nil},
			{at("21:59"), []Problem{disk}, []string{"The disk is 91% full"}, nil},
			{at("22:10"), []Problem{notReady}, nil, nil},
			{at("22:11"), []Problem{notReady}, []string{"OpenAlgo (openalgo) is not ready since 22:10 IST"}, nil},
			{at("23:00"), nil, nil, nil},
			{at("23:01"), nil, []string{"OpenAlgo (openalgo) is ready again"}, nil},
			{at("05:59").AddDate(0, 0, 1), nil, nil, nil},
			{at("06:00").AddDate(0, 0, 1), nil, []string{"Over: The disk is 91% full"}, nil},
		}},
		"a warning of the night is told in the morning": {set: night, steps: []step{
			{at("23:00"), []Problem{disk}, nil, nil},
			{at("23:01"), []Problem{disk}, nil, nil},
			{at("06:00").AddDate(0, 0, 1), []Problem{disk}, []string{"The disk is 91% full"}, nil},
		}},
		"what has happened needs no second look": {steps: []step{
			{at("02:30"), []Problem{backup}, []string{"The daily backup failed"}, nil},
			{at("02:31"), []Problem{backup}, nil, nil},
		}},
		"what could not be looked for is neither there nor over": {steps: []step{
			{at("08:50"), []Problem{notReady}, nil, nil},
			{at("08:51"), []Problem{notReady}, []string{"OpenAlgo (openalgo) is not ready since 08:50 IST"}, nil},
			{at("08:52"), nil, nil, blind},
			{at("08:53"), nil, nil, blind},
			{at("08:54"), nil, nil, nil},
			{at("08:55"), nil, []string{"OpenAlgo (openalgo) is ready again"}, nil},
		}},
		"several in one round, the worst first": {steps: []step{
			{at("08:50"), []Problem{disk, notReady}, nil, nil},
			{at("08:51"), []Problem{disk, notReady, backup}, []string{"OpenAlgo (openalgo) is not ready since 08:50 IST", "The daily backup failed", "The disk is 91% full"}, nil},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var s State
			for _, step := range test.steps {
				r := Round{Now: step.at, Problems: step.has}
				if step.tweak != nil {
					step.tweak(&r)
				}
				var got []string
				for _, m := range s.Judge(r, test.set) {
					got = append(got, m.Title)
				}
				if fmt.Sprint(got) != fmt.Sprint(step.want) {
					t.Errorf("%s: %q, want %q", step.at.Format("15:04"), got, step.want)
				}
				text, err := json.Marshal(s) // as it is kept between rounds
				s = State{}
				if err == nil {
					err = json.Unmarshal(text, &s)
				}
				if err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

func open(r *Round)  { r.Open = true }
func busy(r *Round)  { r.Maintenance = []string{"openalgo"} }
func blind(r *Round) { r.Unknown = []ID{{Instance: "openalgo"}} }

// An end says how long it lasted, and a beginning what helps.
func TestTexts(t *testing.T) {
	t.Parallel()
	var s State
	s.Judge(Round{Now: at("08:52"), Problems: []Problem{notReady}}, notify.Rules{})
	begin := s.Judge(Round{Now: at("08:54"), Problems: []Problem{notReady}}, notify.Rules{})
	if len(begin) != 1 || begin[0].Text != notReady.Text || begin[0].Command != notReady.Command || begin[0].Event != "not-ready" || !begin[0].Since.Equal(at("08:52")) {
		t.Errorf("%+v", begin)
	}
	s.Judge(Round{Now: at("09:57")}, notify.Rules{})
	end := s.Judge(Round{Now: at("09:59")}, notify.Rules{})
	if len(end) != 1 || !end[0].Ended || end[0].Text != "It lasted 1 hour 5 minutes, until 09:57 IST" || end[0].Command != "" {
		t.Errorf("%+v", end)
	}
	if len(s.Known) != 0 {
		t.Errorf("%+v is kept", s.Known)
	}
}

// However many problems there are, what is kept has an end.
func TestStateIsBounded(t *testing.T) {
	t.Parallel()
	var s State
	for i := range 3 * mostKept {
		s.Judge(Round{Now: at("10:00").Add(time.Duration(i) * time.Minute), Problems: []Problem{{Check: fmt.Sprint(i)}}}, notify.Rules{})
	}
	if len(s.Known) > 3 {
		t.Errorf("%d are kept", len(s.Known))
	}
	var many []Problem
	for i := range 3 * mostKept {
		many = append(many, Problem{Check: fmt.Sprint(i), Title: strings.Repeat("x", 10)})
	}
	s.Judge(Round{Now: at("10:00"), Problems: many}, notify.Rules{})
	if len(s.Known) > mostKept {
		t.Errorf("%d are kept", len(s.Known))
	}
}

package watch

import (
	"testing"
)

// Every problem that is told is told once, its end once, and not again.
func TestEveryProblemIsToldOnce(t *testing.T) {
	t.Parallel()
	for id, m := range manners {
		if id == restarted { // an event: what doctor finds was long ago, maybe
			continue
		}
		b := newBench(t, "alpha")
		b.find(0, Finding{ID: id, Text: "x", Ends: b.now.Add(15 * daily)})
		told := b.rounds(5)
		b.find(0)
		told = append(told, b.rounds(5)...)
		want := 2
		if m.over == "" {
			want = 1
		}
		if len(told) != want || told[0].Ended || told[len(told)-1].Ended != (want == 2) {
			t.Errorf("%s: %q", id, titles(told))
		}
	}
}

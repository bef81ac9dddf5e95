package chart

import "testing"

func TestLine(t *testing.T) {
	for _, c := range []struct {
		values  []float64
		most    float64
		width   int
		unicode bool
		want    string
	}{
		{[]float64{0, 50, 100}, 100, 5, true, "  ▁▄█"},
		{[]float64{0, 50, 100}, 100, 2, true, "▄█"},
		{[]float64{0, 1, 500}, 100, 3, false, "..#"},
		{nil, 0, 3, true, "   "},
		{[]float64{1}, 0, 1, true, "▁"},
		{[]float64{1}, 1, 0, true, ""},
	} {
		if got := Line(c.values, c.most, c.width, c.unicode); got != c.want {
			t.Errorf("%v: %q, want %q", c, got, c.want)
		}
	}
}

func TestLines(t *testing.T) {
	got := Lines([]float64{0, 50, 75, 100}, 100, 4, 2, true)
	if got[0] != "  ▄█" || got[1] != "▁███" {
		t.Errorf("%q", got)
	}
}

func TestBar(t *testing.T) {
	for part, want := range map[float64]string{-1: "░░░░", 0.5: "██░░", 2: "████"} {
		if got := Bar(part, 4, true); got != want {
			t.Errorf("%v: %q", part, got)
		}
	}
}

func TestMost(t *testing.T) {
	if got := Most([]float64{3, 100, 7}, 16); got != 128 {
		t.Error(got)
	}
}

package present

import (
	"strings"
	"testing"
	"time"

	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/finding"
)

var noon = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)

// copying is a step that copies 2 GiB, and its events at some seconds after its begin.
func copying(seconds ...float64) (out []event.Event) {
	out = append(out, event.Event{Type: event.TypeStep, Time: noon, State: event.Started, Message: "copy the data"})
	for _, s := range seconds {
		done := int64(s * 64 * (1 << 20))
		m := &event.Meter{ID: "copy", Unit: event.Bytes, Done: done, Total: 2 << 30, Rate: 64 << 20, Left: int64(32 - s)}
		out = append(out, event.Event{Type: event.TypeProgress, Time: noon.Add(time.Duration(s * float64(time.Second))), Meter: m})
	}
	return out
}

func reported(o Options, events []event.Event) (*Run, *strings.Builder) {
	var text strings.Builder
	o.Text, o.Prompt = &text, func() finding.Prompt { return finding.Prompt{} }
	r := NewRun(o)
	for _, e := range events {
		r.Report(e)
	}
	return r, &text
}

func TestLinesOfACopy(t *testing.T) {
	t.Parallel()
	r, text := reported(Options{}, copying(0.25, 1.75, 2, 2.25, 3, 4, 12, 13, 31, 31.75))
	r.End(event.Result{}, nil, 0)
	want := `        6%, 128 MiB of 2.0 GiB, 64 MiB/s, 30 s left
        12%, 256 MiB of 2.0 GiB, 64 MiB/s, 28 s left
        37%, 768 MiB of 2.0 GiB, 64 MiB/s, 20 s left
        40%, 832 MiB of 2.0 GiB, 64 MiB/s, 19 s left
        96%, 1.9 GiB of 2.0 GiB, 64 MiB/s, 1 s left
`
	if text.String() != want {
		t.Errorf("%s\nwant\n%s", text, want)
	}
}

func TestAShortCopyHasNoLines(t *testing.T) {
	t.Parallel()
	r, text := reported(Options{}, copying(0.25, 0.5, 1.5))
	if r.End(event.Result{}, nil, 0); text.String() != "" {
		t.Errorf("%q", text)
	}
}

func TestATerminalIsRedrawnFourTimesASecond(t *testing.T) {
	t.Parallel()
	var often []float64
	for n := range 100 {
		often = append(often, 1+float64(n)/100)
	}
	r, text := reported(Options{Live: true}, copying(often...))
	r.End(event.Result{}, nil, 0)
	lines := strings.Split(text.String(), "\r\x1b[K")
	if len(lines) != 5 || lines[4] != "  ....  copy the data: 5%, 112 MiB of 2.0 GiB, 64 MiB/s, 30 s left" {
		t.Errorf("%q", lines)
	}
}

func TestAStepThatSaysNothing(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		live bool
		want string
	}{
		"on a terminal": {true, "  ....  stop OpenAlgo" +
			"\r\x1b[K  ....  stop OpenAlgo, 2 s so far\r\x1b[K  ....  stop OpenAlgo, 3 s so far\r\x1b[K  ....  stop OpenAlgo, 13 s so far\r\x1b[K  ....  stop OpenAlgo, 1 min 5 s so far"},
		"elsewhere": {false, "        13 s so far\n        1 min 5 s so far\n"},
	} {
		r, text := reported(Options{Live: c.live}, []event.Event{{Type: event.TypeStep, Time: noon, State: event.Started, Message: "stop OpenAlgo"}})
		for _, s := range []time.Duration{1, 2, 3, 13, 65} {
			r.alive(noon.Add(s * time.Second))
		}
		if text.String() != c.want {
			t.Errorf("%s: %q", name, text)
		}
		r.End(event.Result{}, nil, 0)
		r.End(event.Result{}, nil, 0) // a second end is none
	}
}

func TestUndoIsNoStep(t *testing.T) {
	t.Parallel()
	m := &event.Meter{Unit: event.Bytes, Done: 1 << 30, Total: 2 << 30}
	r, text := reported(Options{Live: true}, []event.Event{{Type: event.TypeProgress, Time: noon, Message: "rolling back", Meter: m}})
	r.alive(noon.Add(time.Minute))
	if want := "\r\x1b[K  ....  rolling back: 50%, 1.0 GiB of 2.0 GiB"; text.String() != want {
		t.Errorf("%q", text)
	}
}

func TestMeter(t *testing.T) {
	t.Parallel()
	for want, m := range map[string]event.Meter{
		"0%, 0 KiB of 300 KiB": {Unit: event.Bytes, Total: 300 << 10},
		"300 KiB, 20 KiB/s":    {Unit: event.Bytes, Done: 300 << 10, Rate: 20 << 10},
		"50%, 1.5 GiB of 3.0 GiB, 2 MiB/s, 12 min 48 s left":    {Unit: event.Bytes, Done: 3 << 29, Total: 3 << 30, Rate: 2 << 20, Left: 768},
		"10%, 10.0 GiB of 100.0 GiB, 20 MiB/s, 1 h 16 min left": {Unit: event.Bytes, Done: 10 << 30, Total: 100 << 30, Rate: 20 << 20, Left: 4608},
		"100%, 1 MiB of 1 MiB":                                  {Unit: event.Bytes, Done: 1 << 20, Total: 1 << 20},
		"3 of 12 migrations":                                    {Unit: event.Migrations, Done: 3, Total: 12},
	} {
		if got := Meter(m); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestTheScreenShowsACopy(t *testing.T) {
	t.Parallel()
	var p Progress
	for _, e := range copying(16) {
		p.Take(e, noon)
	}
	if got := strings.Join(p.Bars(9), "|"); got != "[##########----------]|50%, 1.0 GiB of 2.0 GiB, 64 MiB/s, 16 s left" {
		t.Errorf("%q", got)
	}
	p.Take(event.Event{Type: event.TypeStep, State: event.Done}, noon)
	if got := p.Bars(9); len(got) > 0 {
		t.Errorf("%q", got)
	}
}

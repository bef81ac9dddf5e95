package meter

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/marketcalls/openalgo-install/internal/event"
)

var noon = time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)

func at(seconds float64) time.Time { return noon.Add(time.Duration(seconds * float64(time.Second))) }

func TestGauge(t *testing.T) {
	t.Parallel()
	type read struct {
		at          float64
		done, total int64
		rate, left  int64
	}
	for name, reads := range map[string][]read{
		"the rate is known after a second": {{0, 0, 1000, 0, 0}, {0.5, 50, 1000, 0, 0}, {1, 100, 1000, 100, 9}, {2, 200, 1000, 100, 8}},
		"it follows the last seconds":      {{0, 0, 9000, 0, 0}, {1, 1000, 9000, 1000, 8}, {2, 1000, 9000, 500, 16}, {11, 1100, 9000, 10, 790}},
		"it stands still":                  {{0, 0, 10, 0, 0}, {1, 5, 10, 5, 1}, {12, 5, 10, 0, 0}},
		"without a total":                  {{0, 0, 0, 0, 0}, {2, 200, 0, 100, 0}},
		"more than was expected":           {{0, 0, 10, 0, 0}, {2, 20, 10, 10, 0}},
		"another layer begins":             {{0, 500, 1000, 0, 0}, {1, 600, 1000, 100, 4}, {2, 0, 1000, 0, 0}, {3, 10, 1000, 10, 99}},
		"complete":                         {{0, 0, 100, 0, 0}, {1, 100, 100, 100, 0}},
	} {
		g := &Gauge{ID: "copy", Unit: event.Bytes}
		for _, r := range reads {
			m := g.Read(at(r.at), r.done, r.total)
			if m.Rate != r.rate || m.Left != r.left || m.Done != r.done || m.Total > 0 && m.Done > m.Total {
				t.Errorf("%s, after %v s: %+v", name, r.at, m)
			}
		}
	}
}

func TestAGaugeKeepsFewSamples(t *testing.T) {
	t.Parallel()
	g := &Gauge{}
	for n := range 100_000 {
		g.Read(noon.Add(time.Duration(n)*time.Millisecond), int64(n), 0)
	}
	if len(g.samples) > int(window/every)+3 {
		t.Errorf("%d samples", len(g.samples))
	}
}

func TestWatchTellsWhatChanged(t *testing.T) {
	t.Parallel()
	var got []event.Meter
	w := &watch{to: event.ReporterFunc(func(e event.Event) { got = append(got, *e.Meter) }), gauge: Gauge{ID: "copy"}}
	w.tell(at(0))
	w.total.Store(100)
	w.done.Store(10)
	w.tell(at(1))
	w.tell(at(2))
	w.done.Store(90)
	w.end(at(3), nil)
	w.end(at(4), nil)
	if len(got) != 2 || got[0].Done != 10 || got[1].Done != 100 || got[1].Total != 100 {
		t.Errorf("%+v", got)
	}
}

func TestDo(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err  error
		read int64
		want event.Meter // the last one
	}{
		"complete":            {nil, 100, event.Meter{ID: "copy", Unit: event.Bytes, Done: 100, Total: 100}},
		"it became shorter":   {nil, 40, event.Meter{ID: "copy", Unit: event.Bytes, Done: 100, Total: 100}},
		"it failed":           {io.ErrUnexpectedEOF, 40, event.Meter{ID: "copy", Unit: event.Bytes, Done: 40, Total: 100}},
		"it became longer":    {nil, 120, event.Meter{ID: "copy", Unit: event.Bytes, Done: 120, Total: 120}},
		"nothing was counted": {},
	} {
		var last event.Meter
		report := event.ReporterFunc(func(e event.Event) { last = *e.Meter })
		err := Do(t.Context(), report, "copy", "", func(ctx context.Context) error {
			if c.read == 0 {
				return nil
			}
			Expect(ctx, 100)
			_, _ = io.Copy(io.Discard, Reader(ctx, bytes.NewReader(make([]byte, c.read))))
			return c.err
		})
		last.Rate, last.Left = 0, 0
		if !errors.Is(err, c.err) || last != c.want {
			t.Errorf("%s: %v, %+v", name, err, last)
		}
	}
}

func TestExpectOfSeveral(t *testing.T) {
	t.Parallel()
	c := &counter{}
	ctx := context.WithValue(t.Context(), key{}, c)
	Expect(ctx, 100) // all of it
	for range 2 {
		Expect(ctx, 50) // a part of it
		Add(ctx, 50)
	}
	if c.total.Load() != 100 {
		t.Errorf("%d in all", c.total.Load())
	}
	if Expect(ctx, 10); c.total.Load() != 110 { // one of them changed, and is copied again
		t.Errorf("%d in all", c.total.Load())
	}
}

func TestNobodyReads(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	Expect(ctx, 1)
	Add(ctx, 1)
	if in := strings.NewReader(""); IsRead(ctx) || Reader(ctx, in) != io.Reader(in) {
		t.Error("something is counted")
	}
}

package downtime

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/marketcalls/openalgo-install/internal/instance"
)

// at is when everything in these tests happened.
var at = time.Date(2026, 11, 26, 4, 32, 0, 0, time.UTC)

func starts(image string, ms ...int64) (out []Start) {
	for _, took := range ms {
		out = append(out, Start{At: at, Image: image, TookMS: took})
	}
	return out
}

func TestEstimate(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		starts []Start
		change Change
		about  int64 // in s
		text   string
	}{
		"none":           {nil, Change{Image: "a"}, 0, "20 to 130 s without OpenAlgo, as starts take that long elsewhere; none was measured here yet"},
		"none, copied":   {nil, Change{Copies: true}, 0, "20 to 130 s without OpenAlgo, as starts take that long elsewhere; none was measured here yet. Copying its data adds to that"},
		"test app":       {nil, Change{TestApp: true}, 0, "some seconds without OpenAlgo, as the test app starts at once"},
		"one":            {starts("a", 38000), Change{Image: "a"}, 40, "about 40 s without OpenAlgo, as its last start took 38 s"},
		"two":            {starts("a", 41000, 20400), Change{Image: "a"}, 40, "about 40 s without OpenAlgo, as its last starts took 20 to 41 s"},
		"middle of last": {starts("a", 900000, 38000, 20000, 21000), Change{Image: "a"}, 20, "about 20 s without OpenAlgo, as its last starts took 20 to 38 s"},
		"alike":          {starts("a", 38000, 38100, 37900), Change{Image: "a"}, 40, "about 40 s without OpenAlgo, as its last starts took 38 s"},
		"minutes":        {starts("a", 124000), Change{Image: "a"}, 120, "about 120 s without OpenAlgo, as its last start took 124 s"},
		"with its stop":  {[]Start{{Image: "a", TookMS: 38000, StopMS: 16000}}, Change{Image: "a"}, 55, "about 55 s without OpenAlgo, as its last start took 38 s"},
		"short":          {starts("a", 800), Change{Image: "a"}, 1, "about 1 s without OpenAlgo, as its last start took 0.8 s"},
		"no time":        {starts("a", 0), Change{Image: "a"}, 0, "20 to 130 s without OpenAlgo, as starts take that long elsewhere; none was measured here yet"},
		"its own image":  {append(starts("a", 20000), starts("b", 90000)...), Change{Image: "a"}, 20, "about 20 s without OpenAlgo, as its last start took 20 s"},
		"another image":  {starts("a", 38000), Change{Image: "b"}, 40, "about 40 s without OpenAlgo, as its last start took 38 s. Another image may need longer"},
		"another, copied": {starts("a", 38000), Change{Image: "b", Copies: true}, 40,
			"about 40 s without OpenAlgo, as its last start took 38 s. Another image may need longer, and copying its data adds to that"},
		"image not here": {starts("a", 38000), Change{}, 40, "about 40 s without OpenAlgo, as its last start took 38 s. Another image may need longer"},
	} {
		e := Record{Starts: c.starts}.Estimate(c.change)
		if e.AboutMS != c.about*1000 || e.Text != c.text {
			t.Errorf("%s: %d ms, %q", name, e.AboutMS, e.Text)
		}
	}
}

func TestKeep(t *testing.T) {
	t.Parallel()
	d, err := instance.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if err := Keep(d, nil, nil); err != nil {
		t.Fatal(err)
	}
	if entries, _ := os.ReadDir(string(d)); len(entries) != 0 {
		t.Fatal("nothing was measured, and something is written")
	}
	if err := os.Mkdir(filepath.Dir(d.Work(recordName)), 0o755); err != nil {
		t.Fatal(err)
	}
	for n := range int64(7) {
		if err := Keep(d, &Start{At: at, Image: "a", TookMS: n}, &Last{At: at, Command: "set", DowntimeMS: 38200 + n}); err != nil {
			t.Fatal(err)
		}
	}
	if err := Keep(d, &Start{At: at, Image: "b", TookMS: 7}, nil); err != nil {
		t.Fatal(err)
	}
	r := Load(d)
	if len(r.Starts) != keptStarts || r.Starts[0].TookMS != 3 || r.Starts[4].Image != "b" || r.Last.DowntimeMS != 38206 || r.Version != recordForm {
		t.Errorf("%+v, %+v", r, r.Last)
	}
	// What cannot be read tells nothing, and stops nobody.
	for _, text := range []string{"{", `{"version": 99, "starts": []}`} {
		if err := os.WriteFile(d.Work(recordName), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if r := Load(d); r.Starts != nil || r.Last != nil {
			t.Errorf("%q gives %+v", text, r)
		}
	}
}

func TestLastText(t *testing.T) {
	t.Parallel()
	for want, last := range map[string]*Last{
		"":                                    nil,
		"26 Nov 2026, 10:02 IST, set, 38.2 s": {At: at, Command: "set", DowntimeMS: 38200},
		"26 Nov 2026, 10:02 IST, upgrade, not known for how long: the run did not finish": {At: at, Command: "upgrade"},
	} {
		if got := last.Text(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

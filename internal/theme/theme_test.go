package theme

import (
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
)

var update = flag.Bool("update", false, "write the golden files again")

// terminals are what a theme is drawn for.
var terminals = []struct {
	name string
	Options
}{
	{"no colour, ASCII", Options{}},
	{"no colour", Options{Unicode: true}},
	{"16 on dark", Options{Colours: Sixteen, Ground: Dark, Unicode: true}},
	{"16 on light", Options{Colours: Sixteen, Ground: Light, Unicode: true}},
	{"16 on unknown", Options{Colours: Sixteen, Unicode: true}},
	{"256", Options{Colours: Many, Unicode: true}},
}

// sample has everything that a theme draws.
func sample(t *Theme, width, height int) string {
	head := Header{Title: "Broker", Step: 3, Right: "/opt/openalgo"}.Lines(t, width)
	body := t.Box("Market", []string{"NSE and BSE  " + t.Word(OK, "open until 15:30 IST"), "MCX          " + t.Word(Off, "closed")}, width)
	for s, text := range []string{"Stopped", "Starting", "Ready", "The certificate ends in 5 days, and nothing renews it", "It does not answer"} {
		body = append(body, t.Message(State(s), text, width)...)
	}
	body = append(body, t.Apart("a line whose left end is long", t.Dim.Render("14:05 IST"), width), t.Selected.Render(t.Fit("the chosen one", width)))
	return Screen(head, body, t.Footer(Keys("Enter", "Next", "Esc", "Back", "Ctrl+R", "Show", "Ctrl+C", "Quit"), width), height)
}

func TestSample(t *testing.T) {
	var got strings.Builder
	for _, terminal := range terminals {
		for _, size := range [][2]int{{80, 18}, {40, 20}} {
			view := sample(New(terminal.Options), size[0], size[1])
			if n := strings.Count(view, "\n") + 1; n != size[1] {
				t.Errorf("%s: %d lines on a terminal of %d", terminal.name, n, size[1])
			}
			for line := range strings.SplitSeq(view, "\n") {
				if w := ansi.StringWidth(line); w > size[0] {
					t.Errorf("%s: %d cells on a terminal of %d: %q", terminal.name, w, size[0], line)
				}
			}
			fmt.Fprintf(&got, "== %s, %dx%d\n%s\n", terminal.name, size[0], size[1], strings.ReplaceAll(view, "\x1b", "^"))
		}
	}
	path := filepath.Join("testdata", "sample.golden")
	if *update {
		if err := os.WriteFile(path, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil || got.String() != string(want) {
		t.Errorf("%s differs, %v (see it with -update and git diff):\n%s", path, err, got.String())
	}
}

// What goes first where there is little room.
func TestHeader(t *testing.T) {
	theme := New(Options{})
	for width, want := range map[int]string{
		80: " openalgo-install  Broker                                Step 3   /opt/openalgo",
		46: " openalgo-install  Broker              Step 3",
		30: " Broker                Step 3",
		12: " Broker",
		5:  " Bro>",
	} {
		got := ansi.Strip(Header{Title: "Broker", Step: 3, Right: "/opt/openalgo"}.Lines(theme, width)[0])
		if got != want {
			t.Errorf("%d: %q", width, got)
		}
	}
}

func TestTooSmall(t *testing.T) {
	for _, size := range [][2]int{{20, 3}, {1, 1}, {79, 24}} {
		view := New(Options{}).TooSmall(size[0], size[1], 80, 24)
		if lines := strings.Split(view, "\n"); len(lines) > size[1] || ansi.StringWidth(lines[0]) > size[0] {
			t.Errorf("%v: %q", size, view)
		}
	}
}

// No theme blinks.
func TestNothingBlinks(t *testing.T) {
	for _, terminal := range terminals {
		view := sample(New(terminal.Options), 80, 24)
		for part := range strings.SplitSeq(view, "\x1b[") {
			codes, _, _ := strings.Cut(part, "m")
			if codes == "5" || codes == "6" || strings.HasSuffix(codes, ";5") && !strings.Contains(codes, "8;5") {
				t.Errorf("%s: %q", terminal.name, part)
			}
		}
		if terminal.Colours == NoColours && strings.Contains(view, "\x1b[3") {
			t.Errorf("%s has colours", terminal.name)
		}
	}
}

// A colour of the 256 is read on black and on white.
func TestContrast(t *testing.T) {
	for _, colour := range []string{many.accent, many.dim, many.good, many.warn, many.bad} {
		n, err := strconv.Atoi(colour)
		if err != nil {
			t.Fatal(err)
		}
		l := luminance(n)
		if black, white := (l+0.05)/0.05, 1.05/(l+0.05); black < 3.8 || white < 3.8 {
			t.Errorf("colour %d: %.1f on black, %.1f on white", n, black, white)
		}
	}
}

// luminance is that of a colour of xterm's cube or greys.
func luminance(n int) float64 {
	linear := func(v int) float64 {
		s := float64(v) / 255
		if s <= 0.04045 {
			return s / 12.92
		}
		return math.Pow((s+0.055)/1.055, 2.4)
	}
	if n >= 232 {
		return linear(8 + 10*(n-232))
	}
	level := func(i int) int { return []int{0, 95, 135, 175, 215, 255}[i] }
	n -= 16
	return 0.2126*linear(level(n/36)) + 0.7152*linear(level(n/6%6)) + 0.0722*linear(level(n%6))
}

func TestDetect(t *testing.T) {
	for _, c := range []struct {
		term, colorterm, ground, lang string
		colour                        bool
		want                          Options
	}{
		{"xterm-256color", "", "", "en_IN.UTF-8", true, Options{Colours: Many, Unicode: true}},
		{"xterm", "truecolor", "0;15", "C", true, Options{Colours: Many, Ground: Light}},
		{"xterm", "", "15;default;0", "C", true, Options{Colours: Sixteen, Ground: Dark}},
		{"linux", "", "", "C.utf8", true, Options{Colours: Sixteen, Ground: Dark, Unicode: true}},
		{"xterm-256color", "", "", "", false, Options{}},
	} {
		for name, value := range map[string]string{"TERM": c.term, "COLORTERM": c.colorterm, "COLORFGBG": c.ground, "LC_ALL": c.lang, "LC_CTYPE": "", "LANG": ""} {
			t.Setenv(name, value)
		}
		if got := Detect(c.colour); got != c.want {
			t.Errorf("%+v: %+v", c, got)
		}
	}
}

package picture

import (
	"encoding/xml"
	"errors"
	"io"
	"math"
	"strconv"
	"strings"
	"testing"
)

// decoded fails where a picture is not XML.
func decoded(t *testing.T, svg string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(svg))
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatalf("%v:\n%s", err, svg)
		}
	}
}

func TestSVG(t *testing.T) {
	for name, c := range map[string]struct{ frame, has string }{
		"text has its columns":       {"ab  cd", `<text x="47.6" y="57.5" textLength="16.8" lengthAdjust="spacingAndGlyphs" fill="#1f2328">cd</text>`},
		"a second line":              {"a\nb", `y="75.5"`},
		"what XML would misread":     {"<a> & b", `&lt;a&gt; &amp; b</text>`},
		"bold":                       {"\x1b[1mA\x1b[0m", `class="b"`},
		"one of sixteen colours":     {"\x1b[1;32mok\x1b[0m", `fill="#116329" class="b"`},
		"bright":                     {"\x1b[90mold\x1b[m", `fill="#57606a"`},
		"one of 256 colours":         {"\x1b[38;5;196mno\x1b[0m", `fill="#ff0000"`},
		"any colour":                 {"\x1b[38;2;1;2;3mno\x1b[0m", `fill="#010203"`},
		"reversed":                   {"\x1b[7m \x1b[0m", `<rect x="14" y="44" width="8.4" height="18" fill="#1f2328"/>`},
		"a line is a shape":          {"──", `<path d="M14 53h16.8"`},
		"a corner":                   {"╭", `<path d="M18.2 53h4.2M18.2 53v9"`},
		"a full block":               {"█", `<path d="M14 44h8.4v18h-8.4z"`},
		"a shade":                    {"░░", `<path d="M14 44h16.8v18h-16.8z" fill="#1f2328" opacity=".25"/>`},
		"a dot of Braille":           {"⠁", `<path d="M15.05 45.12h2.2v2.2h-2.2z"`},
		"a link is left out":         {"\x1b]8;;https://a.example\x1b\\a\x1b]8;;\x1b\\", `>a</text>`},
		"the words for who sees not": {"a", `aria-label="A &lt;page&gt;"`},
	} {
		svg, err := SVG(c.frame, "A <page>", "light")
		if err != nil || !strings.Contains(svg, c.has) {
			t.Errorf("%s: %s is missing (%v):\n%s", name, c.has, err, svg)
		}
		decoded(t, svg)
	}
}

// What moves the cursor is not drawn as if it were a character.
func TestWhatCannotBeDrawn(t *testing.T) {
	for _, frame := range []string{"\x1b[2J", "a\rb", "\x1b[53m", "\x1b[38;7m"} {
		if svg, err := SVG(frame, "", "dark"); err == nil {
			t.Errorf("%q is drawn:\n%s", frame, svg)
		}
	}
}

// Text stays readable: 4.5 to 1 at least, as WCAG has it.
func TestContrast(t *testing.T) {
	for kind, p := range palettes {
		for i, color := range append(p.colors[:], p.ink) {
			if c := contrast(t, color, p.ground); c < 4.5 && i != 0 {
				t.Errorf("%s: %s on %s has %.1f to 1", kind, color, p.ground, c)
			}
		}
		if c := contrast(t, p.title, p.bar); c < 4.5 {
			t.Errorf("%s: the title has %.1f to 1", kind, c)
		}
	}
}

// contrast is that of two colours: from 1 to 21.
func contrast(t *testing.T, a, b string) float64 {
	light := func(color string) float64 {
		n, err := strconv.ParseUint(strings.TrimPrefix(color, "#"), 16, 32)
		if err != nil {
			t.Fatal(err)
		}
		part := func(shift int) float64 {
			c := float64(n>>shift&0xff) / 255
			if c <= .03928 {
				return c / 12.92
			}
			return math.Pow((c+.055)/1.055, 2.4)
		}
		return .2126*part(16) + .7152*part(8) + .0722*part(0)
	}
	x, y := light(a), light(b)
	return (max(x, y) + .05) / (min(x, y) + .05)
}

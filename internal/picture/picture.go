// Package picture draws a screen of the program as an SVG, for the README. Tests
// alone use it: they draw the screens that they compare with golden files, so that
// no picture is older than the program.
package picture

import (
	"encoding/xml"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Size of a cell and of what is around the cells, in pixels.
const (
	cellWidth  = 8.4 // of 14 px text in most monospace fonts
	cellHeight = 18.0
	baseline   = 13.5 // from the top of a cell
	padding    = 14.0
	bar        = 30.0 // the window's title bar
)

const fonts = `ui-monospace, SFMono-Regular, 'SF Mono', Menlo, Consolas, 'Liberation Mono', 'DejaVu Sans Mono', monospace`

// palette is what a terminal shows for its own sixteen colours.
type palette struct {
	ground, ink, bar, edge, title string
	colors                        [16]string
}

var palettes = map[string]palette{
	"light": {
		ground: "#ffffff", ink: "#1f2328", bar: "#eaeef2", edge: "#d0d7de", title: "#57606a",
		colors: [16]string{
			"#24292f", "#b31d28", "#116329", "#7d4e00", "#0550ae", "#7037c0", "#0b6b73", "#57606a",
			"#57606a", "#cf222e", "#1a7f37", "#8a5a00", "#0969da", "#8250df", "#1b7c83", "#6e7781",
		},
	},
	"dark": {
		ground: "#0d1117", ink: "#e6edf3", bar: "#21262d", edge: "#30363d", title: "#9da7b3",
		colors: [16]string{
			"#6e7681", "#ff7b72", "#3fb950", "#d29922", "#58a6ff", "#bc8cff", "#39c5cf", "#b1bac4",
			"#8b949e", "#ffa198", "#56d364", "#e3b341", "#79c0ff", "#d2a8ff", "#56d4dd", "#f0f6fc",
		},
	},
}

// Golden compares the pictures NAME-light.svg and NAME-dark.svg in docs/images with
// what is drawn now on such a terminal. With update it writes them. alt says what the
// picture shows, for readers who do not see it.
func Golden(t *testing.T, name, alt string, update bool, draw func(dark bool) string) {
	t.Helper()
	for kind := range palettes {
		path := filepath.Join("..", "..", "docs", "images", name+"-"+kind+".svg") // from a package in internal
		got, err := SVG(draw(kind == "dark"), alt, kind)
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		if update {
			if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if have, err := os.ReadFile(path); err != nil || string(have) != got {
			t.Errorf("%s is not what the program shows (make golden draws it again): %v", path, err)
		}
	}
}

// SVG draws a frame with escape sequences for colours in the palette "light" or "dark".
func SVG(frame, alt, kind string) (string, error) {
	p, known := palettes[kind]
	if !known {
		return "", fmt.Errorf("no palette %s", kind)
	}
	lines, columns, err := parse(frame)
	if err != nil {
		return "", err
	}
	width := float64(columns)*cellWidth + 2*padding
	height := float64(len(lines))*cellHeight + bar + 2*padding
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%s" height="%s" viewBox="0 0 %[1]s %[2]s" role="img" aria-label="%[3]s">`+"\n",
		number(width), number(height), escaped(alt))
	fmt.Fprintf(&b, "<title>%s</title>\n", escaped(alt))
	fmt.Fprintf(&b, "<style>text{font:14px %s;white-space:pre}.b{font-weight:700}</style>\n", fonts)
	fmt.Fprintf(&b, `<rect x=".5" y=".5" width="%s" height="%s" rx="8" fill="%s" stroke="%s"/>`+"\n", number(width-1), number(height-1), p.ground, p.edge)
	fmt.Fprintf(&b, `<path d="M.5 %s V8.5 a8 8 0 0 1 8 -8 H%s a8 8 0 0 1 8 8 V%[1]s z" fill="%[3]s" stroke="%[4]s"/>`+"\n", number(bar+.5), number(width-8.5), p.bar, p.edge)
	for i := range 3 {
		fmt.Fprintf(&b, `<circle cx="%d" cy="15.5" r="5" fill="%s"/>`+"\n", 18+18*i, p.edge)
	}
	fmt.Fprintf(&b, `<text x="%s" y="20" text-anchor="middle" fill="%s">openalgo-install</text>`+"\n", number(width/2), p.title)
	for y, line := range lines {
		for _, r := range runs(line) {
			p.draw(&b, r, padding+float64(r.at)*cellWidth, bar+padding+float64(y)*cellHeight)
		}
	}
	b.WriteString("</svg>\n")
	return b.String(), nil
}

// draw draws cells of one style from the point x, y on.
func (p palette) draw(b *strings.Builder, r run, x, y float64) {
	ink, ground := p.color(r.style.ink, p.ink), p.color(r.style.ground, "")
	if r.style.reverse {
		if ground == "" {
			ground = p.ground
		}
		ink, ground = ground, ink
	}
	width := float64(r.width) * cellWidth
	if ground != "" {
		fmt.Fprintf(b, `<rect x="%s" y="%s" width="%s" height="%s" fill="%s"/>`+"\n", number(x), number(y), number(width), number(cellHeight), ground)
	}
	if shape := shapes(r.text, x, y); shape != "" {
		fmt.Fprintf(b, `<path d="%s" fill="none" stroke="%s" stroke-width="1.2"/>`+"\n", shape, ink)
		return
	}
	if filled := blocks(r.text, x, y); filled != "" {
		fmt.Fprintf(b, `<path d="%s" fill="%s"/>`+"\n", filled, ink)
		return
	}
	if filled, opacity := shade(r.text, x, y); filled != "" {
		fmt.Fprintf(b, `<path d="%s" fill="%s" opacity="%s"/>`+"\n", filled, ink, opacity)
		return
	}
	if strings.TrimSpace(r.text) == "" {
		return
	}
	var more string
	if r.style.bold {
		more += ` class="b"`
	}
	if r.style.faint {
		more += ` opacity=".7"`
	}
	if r.style.underline {
		more += ` text-decoration="underline"`
	}
	// The length holds the columns, whatever font there is.
	fmt.Fprintf(b, `<text x="%s" y="%s" textLength="%s" lengthAdjust="spacingAndGlyphs" fill="%s"%s>%s</text>`+"\n",
		number(x), number(y+baseline), number(width), ink, more, escaped(r.text))
}

// color is the colour that a style names, or other where it names none.
func (p palette) color(name, other string) string {
	var n int
	switch {
	case name == "":
		return other
	case name[0] == '#':
		return name
	}
	if _, err := fmt.Sscan(name, &n); err != nil || n < 0 || n > 255 {
		return other
	}
	if n < 16 {
		return p.colors[n]
	}
	if n >= 232 {
		return fmt.Sprintf("#%02x%02[1]x%02[1]x", 8+10*(n-232))
	}
	level := func(i int) int {
		if i == 0 {
			return 0
		}
		return 55 + 40*i
	}
	n -= 16
	return fmt.Sprintf("#%02x%02x%02x", level(n/36), level(n/6%6), level(n%6))
}

// number writes a length without needless digits.
func number(f float64) string {
	return strings.TrimSuffix(strings.TrimRight(fmt.Sprintf("%.2f", f), "0"), ".")
}

func escaped(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text)) // a strings.Builder takes everything
	return b.String()
}

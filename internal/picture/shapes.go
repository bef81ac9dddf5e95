package picture

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Lines of boxes and blocks of charts are drawn as shapes: as text they would have
// gaps wherever a font's line is not as high as a cell.

// box says of a character which edges of its cell it leads to: up, right, down, left.
var box = map[rune]string{
	'─': "rl", '━': "rl", '│': "ud", '┃': "ud", '╴': "l", '╶': "r",
	'┌': "rd", '┐': "ld", '└': "ur", '┘': "ul", '╭': "rd", '╮': "ld", '╰': "ur", '╯': "ul",
	'├': "urd", '┤': "udl", '┬': "rdl", '┴': "url", '┼': "urdl",
}

// shades are characters that fill their cell in part: how much of the colour is seen.
var shades = map[rune]string{'░': ".25", '▒': ".5", '▓': ".75"}

// shaped tells how a character is drawn: 1 as lines, 2 as blocks, its own number as a
// shade, 0 as text.
func shaped(text string) int {
	c, _ := utf8.DecodeRuneInString(text)
	switch {
	case box[c] != "":
		return 1
	case c >= '▀' && c <= '█' || c >= '⠀' && c <= '⣿':
		return 2
	case shades[c] != "":
		return int(c)
	}
	return 0
}

// shapes is the path of lines of boxes, or empty where the text is something else.
func shapes(text string, x, y float64) string {
	if shaped(text) != 1 {
		return ""
	}
	var b strings.Builder
	var dashes float64 // cells of a straight line, drawn as one
	flush := func(to float64) {
		if dashes > 0 {
			fmt.Fprintf(&b, "M%s %sh%s", number(to-dashes*cellWidth), number(y+cellHeight/2), number(dashes*cellWidth))
		}
		dashes = 0
	}
	for i, c := range []rune(text) {
		left := x + float64(i)*cellWidth
		if box[c] == "rl" {
			dashes++
			continue
		}
		flush(left)
		for _, side := range box[c] {
			fmt.Fprintf(&b, "M%s %s%s", number(left+cellWidth/2), number(y+cellHeight/2), map[rune]string{
				'u': "v-" + number(cellHeight/2), 'd': "v" + number(cellHeight/2),
				'r': "h" + number(cellWidth/2), 'l': "h-" + number(cellWidth/2)}[side])
		}
	}
	flush(x + float64(len([]rune(text)))*cellWidth)
	return b.String()
}

// blocks is the path of the areas of charts, or empty where the text is something else.
func blocks(text string, x, y float64) string {
	if shaped(text) != 2 {
		return ""
	}
	var b strings.Builder
	for i, c := range []rune(text) {
		left := x + float64(i)*cellWidth
		switch {
		case c >= '⠀':
			b.WriteString(dots(c-'⠀', left, y))
		case c == '▀':
			b.WriteString(area(left, y, cellWidth, cellHeight/2))
		case c <= '█': // from below: ▁ is an eighth
			high := cellHeight * float64(c-'▀') / 8
			b.WriteString(area(left, y+cellHeight-high, cellWidth, high))
		}
	}
	return b.String()
}

// shade is the area of one of the shades, and how much of the colour is seen; the
// area is empty where the text is something else.
func shade(text string, x, y float64) (path, opacity string) {
	if shaped(text) <= 2 {
		return "", ""
	}
	cells := []rune(text)
	return area(x, y, float64(len(cells))*cellWidth, cellHeight), shades[cells[0]]
}

// dots is the path of a character of Braille: bits 0 to 2 and 6 are the left column
// from the top, 3 to 5 and 7 the right one.
func dots(bits rune, x, y float64) string {
	var b strings.Builder
	for i, place := range [8][2]float64{{0, 0}, {0, 1}, {0, 2}, {1, 0}, {1, 1}, {1, 2}, {0, 3}, {1, 3}} {
		if bits>>i&1 == 1 {
			b.WriteString(area(x+(place[0]+.25)*cellWidth/2, y+(place[1]+.25)*cellHeight/4, 2.2, 2.2))
		}
	}
	return b.String()
}

func area(x, y, width, height float64) string {
	return fmt.Sprintf("M%s %sh%sv%sh-%[3]sz", number(x), number(y), number(width), number(height))
}

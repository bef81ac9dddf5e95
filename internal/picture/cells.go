package picture

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/charmbracelet/x/ansi"
)

// style is how a cell is drawn. A colour is a number of the terminal's palette or
// #rrggbb; empty is the terminal's own.
type style struct {
	ink, ground                     string
	bold, faint, underline, reverse bool
}

// cell is a character, the columns that it has, and its style.
type cell struct {
	text  string
	width int
	style style
}

// run is text of one style in one line, from a column on.
type run struct {
	at, width int
	text      string
	style     style
}

// parse reads a frame: text, line feeds and sequences for colours. It returns the
// lines and the columns of the longest.
func parse(frame string) (lines [][]cell, columns int, err error) {
	var now style
	for _, text := range strings.Split(strings.TrimSuffix(frame, "\n"), "\n") {
		var line []cell
		var used int
		var state byte
		for len(text) > 0 {
			sequence, width, n, next := ansi.DecodeSequence(text, state, nil)
			text, state = text[n:], next
			switch {
			case width > 0:
				line = append(line, cell{sequence, width, now})
				used += width
			case strings.HasPrefix(sequence, "\x1b[") && strings.HasSuffix(sequence, "m"):
				if now, err = now.with(sequence[2 : len(sequence)-1]); err != nil {
					return nil, 0, err
				}
			case strings.HasPrefix(sequence, "\x1b]8;"): // a link, which a picture has not
			default:
				return nil, 0, fmt.Errorf("%q cannot be drawn", sequence)
			}
		}
		lines, columns = append(lines, line), max(columns, used)
	}
	return lines, columns, nil
}

// with is a style after a sequence with these parameters.
func (s style) with(parameters string) (style, error) {
	fields := strings.Split(parameters, ";")
	for i := 0; i < len(fields); i++ {
		n, err := strconv.Atoi("0" + fields[i])
		if err != nil {
			return s, fmt.Errorf("colour %q: %w", parameters, err)
		}
		switch {
		case n == 0:
			s = style{}
		case n == 1:
			s.bold = true
		case n == 2:
			s.faint = true
		case n == 4:
			s.underline = true
		case n == 7:
			s.reverse = true
		case n == 22:
			s.bold, s.faint = false, false
		case n == 24:
			s.underline = false
		case n == 27:
			s.reverse = false
		case n >= 30 && n <= 37:
			s.ink = strconv.Itoa(n - 30)
		case n >= 90 && n <= 97:
			s.ink = strconv.Itoa(n - 90 + 8)
		case n == 39:
			s.ink = ""
		case n >= 40 && n <= 47:
			s.ground = strconv.Itoa(n - 40)
		case n >= 100 && n <= 107:
			s.ground = strconv.Itoa(n - 100 + 8)
		case n == 49:
			s.ground = ""
		case n == 38 || n == 48:
			color, used, err := extended(fields[i+1:])
			if err != nil {
				return s, fmt.Errorf("colour %q: %w", parameters, err)
			}
			i += used
			if n == 38 {
				s.ink = color
			} else {
				s.ground = color
			}
		default:
			return s, fmt.Errorf("colour %q: %d is not known", parameters, n)
		}
	}
	return s, nil
}

// extended reads one of 256 colours, or red, green and blue.
func extended(fields []string) (color string, used int, err error) {
	switch {
	case len(fields) >= 2 && fields[0] == "5":
		return fields[1], 2, nil
	case len(fields) >= 4 && fields[0] == "2":
		var part [3]int
		for i := range part {
			if part[i], err = strconv.Atoi(fields[1+i]); err != nil {
				return "", 0, err
			}
		}
		return fmt.Sprintf("#%02x%02x%02x", part[0], part[1], part[2]), 4, nil
	}
	return "", 0, fmt.Errorf("not known")
}

// runs joins the cells of a line that are drawn at once. Words that are more than
// one space apart are drawn by themselves, and so are lines and blocks.
func runs(line []cell) (out []run) {
	at := 0
	for i, c := range line {
		last := len(out) - 1
		joins := last >= 0 && out[last].style == c.style && out[last].at+out[last].width == at &&
			shaped(c.text) == shaped(line[i-1].text) && !strings.HasSuffix(out[last].text, "  ")
		if joins {
			out[last].text += c.text
			out[last].width += c.width
		} else {
			out = append(out, run{at, c.width, c.text, c.style})
		}
		at += c.width
	}
	return trimmed(out)
}

// trimmed are the runs without spaces at their ends, which no one sees unless
// something is drawn behind or below them.
func trimmed(in []run) (out []run) {
	for _, r := range in {
		if r.style.ground == "" && !r.style.reverse && !r.style.underline {
			text := strings.TrimLeft(r.text, " ")
			r.at, r.width = r.at+len(r.text)-len(text), r.width-(len(r.text)-len(text))
			r.text = strings.TrimRight(text, " ")
			r.width -= len(text) - len(r.text)
		}
		if r.text != "" {
			out = append(out, r)
		}
	}
	return out
}

// Package chart draws numbers in text: a line of bars, several lines of them, and how
// full something is.
package chart

import "strings"

// What bars are made of, in eighths of a cell.
var (
	eighths = []rune(" ▁▂▃▄▅▆▇█")
	ascii   = []rune(" ..--==##")
)

func steps(unicode bool) []rune {
	if unicode {
		return eighths
	}
	return ascii
}

// Line draws the newest values as one line of width cells, each cell one value; most
// fills a cell.
func Line(values []float64, most float64, width int, unicode bool) string {
	return Lines(values, most, width, 1, unicode)[0]
}

// Lines draws the newest values as bars of height cells.
func Lines(values []float64, most float64, width, height int, unicode bool) []string {
	width, height = max(width, 0), max(height, 1)
	values = values[max(len(values)-width, 0):]
	set := steps(unicode)
	out := make([]string, height)
	for row := range out {
		var line strings.Builder
		line.WriteString(strings.Repeat(" ", width-len(values)))
		for _, v := range values {
			level := levelOf(v, most, height*8) - (height-1-row)*8
			line.WriteRune(set[min(max(level, 0), 8)])
		}
		out[row] = line.String()
	}
	return out
}

// levelOf is a value in eighths. What is not nothing is seen.
func levelOf(v, most float64, full int) int {
	if most <= 0 || v <= 0 {
		return 1 // the line that shows that it was measured
	}
	return min(max(int(v/most*float64(full)+0.5), 1), full)
}

// Bar draws how full something is, from 0 to 1.
func Bar(part float64, width int, unicode bool) string {
	full, empty := "#", "."
	if unicode {
		full, empty = "█", "░"
	}
	n := int(min(max(part, 0), 1)*float64(width) + 0.5)
	return strings.Repeat(full, n) + strings.Repeat(empty, max(width-n, 0))
}

// Most is a round number that no value is above, so that a scale does not move with
// every value.
func Most(values []float64, least float64) float64 {
	most := least
	for _, v := range values {
		for v > most {
			most *= 2
		}
	}
	return most
}

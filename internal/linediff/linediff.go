// Package linediff writes the difference of two texts as a unified diff, by the
// algorithm of Myers (An O(ND) Difference Algorithm and Its Variations, 1986). The
// libraries for it are 0.06 MB and more, most of which serves other than lines.
package linediff

import (
	"strconv"
	"strings"
)

// Context is how many unchanged lines a diff shows around a change.
const Context = 3

// most is how many changed lines are looked for one by one. Texts that differ in more are
// shown as one removed and one added.
const most = 2000

// op is a line and what becomes of it: ' ' it stays, '-' it goes, '+' it comes.
type op struct {
	kind byte
	line string
}

// Unified is the diff of two texts with context unchanged lines around each change; ""
// for texts that are the same.
func Unified(fromName, toName, from, to string, context int) string {
	if from == to {
		return ""
	}
	ops := compare(lines(from), lines(to))
	var out strings.Builder
	out.WriteString("--- " + fromName + "\n+++ " + toName + "\n")
	a, b := 1, 1 // the numbers of the next line
	for n := 0; n < len(ops); {
		if ops[n].kind == ' ' {
			n, a, b = n+1, a+1, b+1
			continue
		}
		first, end := max(n-context, 0), hunkEnd(ops, n, context)
		hunk(&out, ops[first:end], a-(n-first), b-(n-first))
		for ; n < end; n++ {
			if ops[n].kind != '+' {
				a++
			}
			if ops[n].kind != '-' {
				b++
			}
		}
	}
	return out.String()
}

// hunkEnd is where the hunk ends that has the change at n. Changes whose context meets
// share a hunk.
func hunkEnd(ops []op, n, context int) int {
	last := n
	for i := n; i < len(ops) && i-last <= 2*context+1; i++ {
		if ops[i].kind != ' ' {
			last = i
		}
	}
	return min(last+1+context, len(ops))
}

func hunk(out *strings.Builder, ops []op, a, b int) {
	var gone, added int
	for _, o := range ops {
		if o.kind != '+' {
			gone++
		}
		if o.kind != '-' {
			added++
		}
	}
	out.WriteString("@@ -" + span(a, gone) + " +" + span(b, added) + " @@\n")
	for _, o := range ops {
		out.WriteByte(o.kind)
		out.WriteString(o.line)
		if !strings.HasSuffix(o.line, "\n") {
			out.WriteString("\n\\ No newline at end of file\n")
		}
	}
}

// span is the lines of a hunk as GNU diff writes them.
func span(first, count int) string {
	switch {
	case count > 1:
		return strconv.Itoa(first) + "," + strconv.Itoa(count)
	case count == 0 && first == 1:
		return "0,0"
	case count == 0:
		return strconv.Itoa(first-1) + ",0"
	}
	return strconv.Itoa(first)
}

func lines(text string) []string {
	all := strings.SplitAfter(text, "\n")
	if all[len(all)-1] == "" {
		all = all[:len(all)-1]
	}
	return all
}

// compare is what becomes of each line of two texts, removed lines before added ones.
func compare(from, to []string) (ops []op) {
	start := 0
	for start < len(from) && start < len(to) && from[start] == to[start] {
		ops = append(ops, op{' ', from[start]})
		start++
	}
	endFrom, endTo := len(from), len(to)
	for endFrom > start && endTo > start && from[endFrom-1] == to[endTo-1] {
		endFrom, endTo = endFrom-1, endTo-1
	}
	ops = append(ops, ordered(middle(from[start:endFrom], to[start:endTo]))...)
	for _, line := range from[endFrom:] {
		ops = append(ops, op{' ', line})
	}
	return ops
}

// middle is the shortest way from one to the other.
func middle(from, to []string) []op {
	n, m := len(from), len(to)
	size := min(n+m, most)
	furthest := make([]int, 2*size+2) // by diagonal, from -size
	var trace [][]int
	for d := 0; d <= size; d++ {
		trace = append(trace, append([]int(nil), furthest[size-d:size+d+2]...))
		for k := -d; k <= d; k += 2 {
			x := 0
			if k == -d || k != d && furthest[size+k-1] < furthest[size+k+1] {
				x = furthest[size+k+1]
			} else {
				x = furthest[size+k-1] + 1
			}
			for x < n && x-k < m && from[x] == to[x-k] {
				x++
			}
			furthest[size+k] = x
			if x >= n && x-k >= m {
				return back(from, to, trace)
			}
		}
	}
	var ops []op
	for _, line := range from {
		ops = append(ops, op{'-', line})
	}
	for _, line := range to {
		ops = append(ops, op{'+', line})
	}
	return ops
}

// back goes the way of a trace from its end. Round d of a trace has the diagonals from -d.
func back(from, to []string, trace [][]int) []op {
	x, y := len(from), len(to)
	ops := make([]op, 0, x+y)
	for d := len(trace) - 1; d >= 0; d-- {
		beforeX, beforeY := 0, 0
		if d > 0 {
			k := x - y
			before := k - 1
			if k == -d || k != d && trace[d][d+k-1] < trace[d][d+k+1] {
				before = k + 1
			}
			beforeX = trace[d][d+before]
			beforeY = beforeX - before
		}
		for x > beforeX && y > beforeY {
			x, y = x-1, y-1
			ops = append(ops, op{' ', from[x]})
		}
		switch {
		case x > beforeX:
			ops = append(ops, op{'-', from[beforeX]})
		case y > beforeY:
			ops = append(ops, op{'+', to[beforeY]})
		}
		x, y = beforeX, beforeY
	}
	for i, j := 0, len(ops)-1; i < j; i, j = i+1, j-1 {
		ops[i], ops[j] = ops[j], ops[i]
	}
	return ops
}

// ordered puts the removed lines of each change before its added ones.
func ordered(ops []op) []op {
	out := make([]op, 0, len(ops))
	var added []op
	for _, o := range ops {
		switch o.kind {
		case '+':
			added = append(added, o)
			continue
		case ' ':
			out, added = append(out, added...), nil
		}
		out = append(out, o)
	}
	return append(out, added...)
}

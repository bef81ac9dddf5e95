package dashboard

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/marketcalls/openalgo-install/internal/dashboard/chart"
	"github.com/marketcalls/openalgo-install/internal/live"
	"github.com/marketcalls/openalgo-install/internal/order"
	"github.com/marketcalls/openalgo-install/internal/theme"
)

// column is one of the list's. Those that come first in rank are there first.
type column struct {
	title string
	width int
	rank  int
	cell  func(live.Instance) string
}

// columns are all columns from left to right.
func (m frame) columns() []column {
	t, now := m.Theme, m.now()
	name, most := 8, 18
	if m.width < 60 {
		most = 12
	}
	for _, i := range m.snap.Instances {
		name = max(name, min(ansi.StringWidth(i.Name), most))
	}
	spark := func(values []float64, most float64) string {
		return t.Accent.Render(chart.Line(values, most, 5, t.Unicode))
	}
	return []column{
		{"NAME", name, 1, func(i live.Instance) string { return i.Name }},
		{"STATE", 11, 2, func(i live.Instance) string { return t.Word(stateOf(i.State), string(i.State)) }},
		{"CPU", 10, 3, known(func(i live.Instance) string {
			return spark(i.Load.CPU, 100) + fmt.Sprintf(" %3.0f%%", live.Last(i.Load.CPU))
		})},
		{"MEMORY", 11, 5, known(func(i live.Instance) string { return part(live.Last(i.Load.Memory), i.Load.MemoryLimit) })},
		{"SHM", 11, 9, known(func(i live.Instance) string { return part(live.Last(i.Load.Shared), i.Load.SharedLimit) })},
		{"NETWORK", 11, 10, known(func(i live.Instance) string { return rate(live.Last(i.Load.Net)) })},
		{"CERT", 5, 7, func(i live.Instance) string { return styled(t)(certificate(i, now)) }},
		{"BACKUP", 6, 6, func(i live.Instance) string { return styled(t)(backup(i, now)) }},
		{"RELEASE", 9, 8, func(i live.Instance) string { short, _ := release(t, i); return short }},
		{"UP", 10, 11, func(i live.Instance) string { return upFor(i, now) }},
		{"PROBLEMS", 8, 4, func(i live.Instance) string { return countOf(t, i.Problems) }},
	}
}

func known(cell func(live.Instance) string) func(live.Instance) string {
	return func(i live.Instance) string {
		if i.Since.IsZero() || !i.Load.Known() {
			return "-"
		}
		return cell(i)
	}
}

func styled(t *theme.Theme) func(theme.State, string, string) string {
	return func(s theme.State, short, _ string) string {
		if s == theme.Caution || s == theme.Problem {
			return t.Style(s).Render(short)
		}
		return short
	}
}

func upFor(i live.Instance, now time.Time) string {
	if i.Since.IsZero() {
		return "-"
	}
	return lasted(now.Sub(i.Since))
}

// countOf is how many problems there are, with the sign of the worst.
func countOf(t *theme.Theme, problems []live.Problem) string {
	switch {
	case len(problems) == 0:
		return "-"
	case problems[0].Bad:
		return t.Word(theme.Problem, fmt.Sprint(len(problems)))
	}
	return t.Word(theme.Caution, fmt.Sprint(len(problems)))
}

// fitting are the columns that there is room for.
func fitting(all []column, width int) []column {
	left := width - 2
	byRank := slices.Clone(all)
	order.By(byRank, func(a, b column) int { return a.rank - b.rank })
	fits := map[int]bool{}
	for _, c := range byRank {
		if c.width <= left {
			left -= c.width + 1
			fits[c.rank] = true
		}
	}
	return slices.DeleteFunc(slices.Clone(all), func(c column) bool { return !fits[c.rank] })
}

// list is a row for each instance, and below it what there is room for of the chosen
// one.
func (m frame) list(width, height int) []string {
	if len(m.snap.Instances) == 0 {
		return append([]string{""}, theme.Wrap("There is no OpenAlgo on this machine any more. Press n to install one.", width)...)
	}
	out := []string{m.Theme.Dim.Render(markets(m.now(), m.onlyCrypto(), anyCalendar(m.snap.Instances), width)), ""}
	columns := fitting(m.columns(), width)
	var titles []string
	for _, c := range columns {
		titles = append(titles, m.Theme.Fit(c.title, c.width))
	}
	out = append(out, m.Theme.Title.Render(strings.TrimRight("  "+strings.Join(titles, " "), " ")))
	room, n := height-len(out), len(m.snap.Instances)
	const below = 8 // what a look at the chosen one needs
	rows := min(n, room)
	if rows > room-3 {
		rows = max(min(n, room-3), 1)
	} else if isWide(m.model) {
		rows = min(n, max(room/3, 5))
	}
	m.top = min(max(m.top, m.at()-rows+1, 0), max(m.at(), 0), max(n-rows, 0))
	for at := m.top; at < m.top+rows; at++ {
		out = append(out, m.row(columns, m.snap.Instances[at], at == m.at()))
	}
	if n > rows {
		out = append(out, m.Theme.Dim.Render(fmt.Sprintf("  %d to %d of %d", m.top+1, m.top+rows, n)))
	}
	i := m.current()
	if left := height - len(out) - 1; i != nil && left >= below {
		out = append(append(out, ""), sheet(m).detail(*i, width, left)...)
	} else if i != nil && left >= 1 {
		out = append(append(out, ""), sheet(m).problemLines(*i, width, left)...)
	}
	return out
}

func (m frame) row(columns []column, i live.Instance, chosen bool) string {
	var cells []string
	for n, c := range columns {
		cell := c.cell(i)
		if n == 0 && chosen {
			cell = m.Theme.Title.Render(m.Theme.Cut(cell, c.width))
		}
		cells = append(cells, m.Theme.Fit(cell, c.width))
	}
	mark := "  "
	if chosen {
		mark = m.Theme.Accent.Render("> ")
	}
	return strings.TrimRight(mark+strings.Join(cells, " "), " ")
}

// onlyCrypto reports whether no instance trades on a market that closes.
func (m frame) onlyCrypto() bool {
	return !slices.ContainsFunc(m.snap.Instances, func(i live.Instance) bool { return !i.Crypto })
}

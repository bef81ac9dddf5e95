package dashboard

import (
	"fmt"
	"slices"

	"github.com/marketcalls/openalgo-install/internal/dashboard/chart"
	"github.com/marketcalls/openalgo-install/internal/live"
	"github.com/marketcalls/openalgo-install/internal/market"
	"github.com/marketcalls/openalgo-install/internal/printable"
	"github.com/marketcalls/openalgo-install/internal/theme"
)

// sheet is the model as one instance is drawn.
type sheet struct{ *model }

// detail is everything about one instance, as far as there is room.
func (m sheet) detail(i live.Instance, width, height int) []string {
	out := m.top2(i, width)
	if isWide(m.model) && width >= 98 && height >= 26 {
		return append(out, m.boxes(i, width, height-len(out))...)
	}
	if height-len(out) > 12 {
		out = append(out, "")
	}
	charts, facts := m.charts(i, min(width, 42)), m.facts(i, width)
	if width >= 70 {
		facts = m.facts(i, width-44)
		for n := range max(len(charts), len(facts)) {
			out = append(out, m.Theme.Fit(lineOf(charts, n), 42)+"  "+lineOf(facts, n))
		}
	} else {
		out = append(out, m.problemLines(i, width, 3)...)
		out = append(append(out, charts...), facts...)
	}
	out = append(out, m.tunnel(i, width, height-len(out))...)
	if left := height - len(out); width >= 70 && left >= 3 && len(i.Problems) > 0 {
		problems := m.problemLines(i, width, left-1)
		out = append(append(out, ""), problems...)
	}
	if left := height - len(out) - 2; left >= 2 && m.log.dir == i.Dir && m.page == detailPage {
		out = append(out, "", m.Theme.Title.Render("Log"))
		out = append(out, m.log.view.Lines(m.Theme, width, left)...)
	}
	return out[:min(len(out), height)]
}

func lineOf(lines []string, n int) string {
	if n < len(lines) {
		return lines[n]
	}
	return ""
}

// top2 is the state and the address, and which markets are open.
func (m sheet) top2(i live.Instance, width int) []string {
	state := m.Theme.Word(stateOf(i.State), string(i.State))
	if !i.Since.IsZero() {
		state += ", up " + lasted(m.now().Sub(i.Since))
	}
	short, _ := release(m.Theme, i)
	out := []string{}
	if width >= 70 {
		out = append(out, m.Theme.Apart(state+"   "+m.Theme.Accent.Render(i.URL), short, width))
	} else {
		out = append(out, m.Theme.Apart(state, short, width), m.Theme.Accent.Render(i.URL))
	}
	if m.page != listPage {
		out = append(out, m.Theme.Dim.Render(markets(m.now(), i.Crypto, calendarOf(i), width)))
	}
	return out
}

// load is one line of what an instance uses.
type load struct {
	label  string
	values []float64
	most   float64
	text   string
	heavy  bool
}

// heavy is the part of what there is from which on it is too much.
const heavy = 0.85

func loads(i live.Instance) []load {
	l := i.Load
	return []load{
		{"CPU", l.CPU, 100, fmt.Sprintf("%.0f%%", live.Last(l.CPU)), live.Last(l.CPU) > 100*heavy},
		{"RAM", l.Memory, float64(l.MemoryLimit), part(live.Last(l.Memory), l.MemoryLimit), live.Last(l.Memory) > heavy*float64(l.MemoryLimit)},
		{"shm", l.Shared, float64(l.SharedLimit), part(live.Last(l.Shared), l.SharedLimit), live.Last(l.Shared) > heavy*float64(l.SharedLimit)},
		{"net", l.Net, chart.Most(l.Net, 16<<10), rate(live.Last(l.Net)), false},
	}
}

// charts are small charts of what an instance uses.
func (m sheet) charts(i live.Instance, width int) []string {
	const label, value = 5, 13
	room := max(width-label-value-1, 6)
	var out []string
	for _, l := range loads(i) {
		text := "-"
		if i.Load.Known() && !i.Since.IsZero() {
			text = l.text
		}
		style := m.Theme.Accent
		if l.heavy && text != "-" {
			style, text = m.Theme.Warn, m.Theme.Warn.Render(text+" !")
		}
		out = append(out, m.Theme.Fit(m.Theme.Title.Render(l.label), label)+style.Render(chart.Line(l.values, l.most, room, m.Theme.Unicode))+" "+text)
	}
	return append(out, m.diskLine(label, room))
}

func (m sheet) diskLine(label, room int) string {
	d := m.snap.Disk
	text := "-"
	if d.TotalMiB > 0 {
		text = fmt.Sprintf("%.0f%% used", d.Used())
	}
	return m.Theme.Fit(m.Theme.Title.Render("disk"), label) + m.Theme.Accent.Render(chart.Bar(d.Used()/100, room, m.Theme.Unicode)) + " " + text
}

// facts are what changes seldom.
func (m sheet) facts(i live.Instance, width int) []string {
	var out []string
	row := func(label, value string) {
		if value == "" {
			value = "-"
		}
		out = append(out, m.Theme.Cut(m.Theme.Fit(m.Theme.Title.Render(label), 13)+value, width))
	}
	row("Broker", i.Broker)
	row("Public IP", m.snap.Public)
	state, _, text := certificate(i, m.now())
	row("Certificate", m.marked(state, text))
	state, _, text = backup(i, m.now())
	row("Backup", m.marked(state, text))
	_, text = release(m.Theme, i)
	row("Release", text)
	row("Watch", m.snap.Watch)
	row("Directory", printable.Line(i.Dir))
	return out
}

// marked puts the sign in front of what is not as it should be.
func (m sheet) marked(s theme.State, text string) string {
	if s == theme.Caution || s == theme.Problem {
		return m.Theme.Word(s, text)
	}
	return text
}

// problemLines are the problems, each with the key that helps.
func (m sheet) problemLines(i live.Instance, width, height int) []string {
	if len(i.Problems) == 0 {
		return nil
	}
	var out []string
	for n, p := range i.Problems {
		state := theme.Caution
		if p.Bad {
			state = theme.Problem
		}
		key, word := m.keyOfCommand(p.Fix)
		lines := m.Theme.Message(state, key+" "+word+"  "+p.Text, width)
		if more := len(i.Problems) - n; n > 0 && len(out)+len(lines) > height {
			out[len(out)-1] = m.Theme.Cut(m.Theme.Fit(out[len(out)-1], width-14)+m.Theme.Dim.Render(fmt.Sprintf(" and %d more", more)), width)
			break
		}
		out = append(out, lines...)
	}
	return out[:min(len(out), height)]
}

// tunnel is how another computer reaches an instance without a domain.
func (m sheet) tunnel(i live.Instance, width, height int) []string {
	command := tunnelOf(i, m.snap.Public)
	if command == "" || height < 4 {
		return nil
	}
	out := []string{"", "To open it from your own computer, run this there (y copies it):"}
	for _, line := range theme.Wrap(command, width-2) {
		out = append(out, "  "+m.Theme.Accent.Render(line))
	}
	return out
}

// boxes are the details where there is room for them.
func (m sheet) boxes(i live.Instance, width, height int) []string {
	tunnel := m.tunnel(i, width, height)
	height -= len(tunnel)
	const left = 58
	right := width - left - 1
	inner := left - 4
	rows := 4
	if height >= 33 {
		rows = 6
	}
	var charts []string
	for _, l := range loads(i)[:2] {
		title := l.label + "  -"
		if i.Load.Known() {
			title = l.label + "  " + l.text
		}
		var lines []string
		for _, line := range chart.Lines(l.values, l.most, inner, rows, m.Theme.Unicode) {
			lines = append(lines, m.Theme.Accent.Render(line))
		}
		charts = append(charts, m.Theme.Box(title, lines, left)...)
	}
	small := m.charts(i, inner)[2:]
	charts = append(charts, m.Theme.Box("Shared memory, network, disk", small, left)...)

	facts := m.Theme.Box("Instance", m.facts(i, right-4), right)
	facts = append(facts, m.Theme.Box("Market", m.marketLines(i, right-4), right)...)
	room := max(len(charts)-len(facts)-2, 1)
	problems := m.problemLines(i, right-4, room)
	switch {
	case len(problems) > 0:
	case i.Status == nil: // nothing was looked at yet
		problems = []string{m.Theme.Word(theme.Busy, "looking for problems")}
	default:
		problems = []string{m.Theme.Word(theme.OK, "no problems found")}
	}
	for len(problems) < room {
		problems = append(problems, "")
	}
	facts = append(facts, m.Theme.Box("Problems", problems, right)...)
	var out []string
	for n := range max(len(charts), len(facts)) {
		out = append(out, m.Theme.Fit(lineOf(charts, n), left)+" "+lineOf(facts, n))
	}
	out = append(out, tunnel...)
	height += len(tunnel)
	if lines := height - len(out) - 2; lines >= 3 && m.log.dir == i.Dir {
		log := m.log.view.Lines(m.Theme, width-4, lines)
		for len(log) < lines {
			log = append(log, "")
		}
		out = append(out, m.Theme.Box("Log", log, width)...)
	}
	return out
}

// marketLines are the markets that are open, and until when.
func (m sheet) marketLines(i live.Instance, width int) []string {
	now, c := m.now(), calendarOf(i)
	open := market.Open(now, i.Crypto, c)
	var out []string
	if len(open) == 0 {
		at, who := market.Opens(now, c)
		out = append(out, m.Theme.Word(theme.Off, "closed, "+who+" open "+at.Format("Mon 2 Jan, 15:04 MST")))
	}
	for _, s := range open {
		until := "always"
		if !s.Ends.IsZero() {
			until = "until " + s.Ends.Format("15:04 MST")
		}
		out = append(out, m.Theme.Word(theme.OK, "open")+"  "+m.Theme.Fit(s.Name, 22)+" "+until)
	}
	if c != nil && !i.Crypto {
		for _, line := range theme.Wrap(market.Source(now, now, c), width) {
			out = append(out, m.Theme.Dim.Render(line))
		}
	}
	return out
}

// keyOfCommand is the key that runs a command; "" where there is none now.
func (m sheet) keyOfCommand(args []string) (key, word string) {
	for _, a := range m.possible() {
		if len(args) > 0 && (len(a.args) > 0 && a.args[0] == args[0] || slices.Contains(a.about, args[0])) {
			return a.key, a.word
		}
	}
	return "d", "Doctor"
}

package wizard

import (
	"context"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"github.com/marketcalls/openalgo-install/internal/terminal"
	"github.com/marketcalls/openalgo-install/internal/theme"
)

// machinePage shows what this machine is, and its problems.
type machinePage struct {
	m    *model
	seen bool   // the machine has been looked at
	menu *field // what can be done; nil: to go on
	// scrolled says that the text is looked at, else the menu.
	scrolled bool
	scroll   scroll
}

// machineMsg is the machine, as it was found.
type machineMsg struct{ machine Machine }

// lookAtMachine finds what the page shows.
func lookAtMachine(m *model) tea.Cmd {
	return func() tea.Msg { return machineMsg{m.host.Look(m.ctx)} }
}

func (p *machinePage) title() string { return "This machine" }

func (p *machinePage) update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case machineMsg:
		p.seen, p.m.machine, p.m.draft.Here = true, msg.machine, msg.machine.Here
		switch {
		case msg.machine.Instance != "" && p.m.host.Again:
			return answerAgain(p.m)
		case msg.machine.Instance != "":
			p.m.page = newMenuPage(p.m)
		}
	case tea.KeyMsg:
		return p.key(msg)
	}
	return nil
}

func (p *machinePage) key(msg tea.KeyMsg) tea.Cmd {
	if !p.seen {
		return nil
	}
	switch key := msg.String(); {
	case key == "esc":
		return p.m.back()
	case key == "r":
		p.seen = false
		return lookAtMachine(p.m)
	case key == "i" && p.m.machine.NoEngine:
		return setUpDocker(p.m)
	case key == "enter" && p.m.machine.Unusable:
		p.m.note = "Fix the problems above, then press r to check again."
	case key == "enter" && len(p.m.machine.Menu) == 0:
		return p.m.ask(p.m.draft)
	case key == "enter":
		label, _ := p.list().text()
		return p.m.choose(label)
	case len(p.m.machine.Menu) > 0 && (key == "up" || key == "down"):
		p.scrolled = false
		p.list().key(msg)
	case p.scroll.key(msg):
		p.scrolled = true
	}
	return nil
}

func (p *machinePage) body(width, height int) ([]string, int, int) {
	if !p.seen {
		return []string{"Looking at this machine..."}, 0, 1
	}
	const label = 10
	var facts []string
	for _, fact := range p.m.machine.Facts {
		for i, line := range wrapped(fact[1], theme.Inner(width, height)-label) {
			head := strings.Repeat(" ", label)
			if i == 0 {
				head = fact[0] + strings.Repeat(" ", max(label-len(fact[0]), 1))
			}
			facts = append(facts, head+line)
		}
	}
	out := append(theme.Section(p.m.look, "", facts, width, height), "")
	for _, text := range p.m.machine.Obstacles {
		out = append(append(out, p.m.look.Message(theme.Caution, text, width)...), "")
	}
	if len(p.m.machine.Obstacles) == 0 {
		out = append(out, p.m.look.Word(theme.OK, "This machine is ready for OpenAlgo."))
	}
	where := map[bool]string{false: "OpenAlgo will be installed into ", true: "OpenAlgo is installed in "}[p.m.machine.Saved != nil]
	out = append(out, wrapped(where+p.m.host.Dir+".", width)...)
	out = append(out, wrapped("Nothing changes before you have seen the plan.", width)...)
	if len(p.m.machine.Menu) == 0 || p.m.machine.Unusable {
		return p.scroll.view(out, height)
	}
	from := len(out)
	out = append(append(out, ""), p.list().lines(width, height, p.m.look)...)
	lines, top, end := p.scroll.view(out, height)
	if p.scrolled {
		return lines, top, end
	}
	p.scroll.top = max(len(out)-height, 0)
	return out, from, len(out)
}

// list is the menu of a machine that has no OpenAlgo in this directory.
func (p *machinePage) list() *field {
	if p.menu == nil {
		p.menu = menuField(p.m)
	}
	return p.menu
}

func (p *machinePage) keys() string {
	switch {
	case !p.seen:
		return "Ctrl+C Quit"
	case p.m.machine.NoEngine:
		return "i Install Docker   r Refresh   Ctrl+C Quit"
	case p.m.machine.Unusable:
		return "r Refresh   Ctrl+C Quit" + p.scroll.hint()
	}
	if len(p.m.machine.Menu) == 0 {
		return "Enter Next   r Refresh   Ctrl+C Quit" + p.scroll.hint()
	}
	if p.scroll.lines > p.scroll.height {
		return "Up/Down Choose   PgUp/PgDn Scroll   Enter Next   r Refresh   Ctrl+C Quit"
	}
	return "Up/Down Choose   Enter Next   r Refresh   Ctrl+C Quit"
}

// dockerPage shows how Docker Engine is being installed.
type dockerPage struct {
	m     *model
	lines []string
	queue *queue
	ended bool
	leave bool // as soon as it has stopped
}

// dockerMsg is a line of the installation, or its end.
type dockerMsg struct {
	line string
	end  bool
	err  error
}

// setUpDocker installs Docker Engine, and shows it.
func setUpDocker(m *model) tea.Cmd {
	ctx, cancel := context.WithCancel(m.ctx)
	p := &dockerPage{m: m, queue: newQueue()}
	m.page, m.busy = p, cancel
	m.background(func() {
		err := m.host.SetUpDocker(ctx, func(line string) { p.queue.put(dockerMsg{line: line}) })
		p.queue.put(dockerMsg{end: true, err: err})
	})
	return p.queue.next
}

func (p *dockerPage) title() string { return "Docker Engine" }

func (p *dockerPage) update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case dockerMsg:
		if !msg.end {
			p.lines = append(p.lines, msg.line)
			return p.queue.next
		}
		p.ended, p.m.busy = true, nil
		if p.leave {
			return end(terminal.ErrEnded)
		}
		if msg.err != nil {
			p.lines = append(p.lines, "", p.m.host.Reader.Advice(msg.err))
			return nil
		}
		p.m.page = &machinePage{m: p.m}
		return lookAtMachine(p.m)
	case tea.KeyMsg:
		if p.ended && (msg.String() == "enter" || msg.String() == "esc") {
			p.m.page = &machinePage{m: p.m}
			return lookAtMachine(p.m)
		}
	}
	return nil
}

func (p *dockerPage) body(width, _ int) ([]string, int, int) {
	var out []string
	for _, line := range p.lines {
		out = append(out, wrapped(line, width)...)
	}
	return out, max(len(out)-1, 0), len(out)
}

func (p *dockerPage) keys() string {
	if p.ended {
		return "Enter Back   Ctrl+C Quit"
	}
	return "Ctrl+C Quit"
}

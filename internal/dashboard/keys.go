package dashboard

import (
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/live"
	"github.com/marketcalls/openalgo-install/internal/printable"
	"github.com/marketcalls/openalgo-install/internal/share"
)

// question is what an action asks before its command begins.
type question struct{ text, help string }

// input is a question that is being answered.
type input struct {
	question
	typed string
	then  func(text string) tea.Cmd
	check func(text string) string // what is wrong with it; nil: nothing can be
	fault string
}

// hand is the model as keys change it.
type hand struct{ *model }

func (m hand) key(msg tea.KeyMsg) tea.Cmd {
	if m.over {
		return nil // what was typed on does not change what was chosen
	}
	if m.input != nil {
		return m.inputKey(msg)
	}
	if m.page == logPage && m.log.view.Typing() {
		m.log.view.Key(msg)
		return nil
	}
	if msg.Paste {
		return nil // a text is no row of commands
	}
	if key := msg.String(); key == "ctrl+c" || key == "q" && m.page != sharePage {
		return m.leave()
	}
	switch m.page {
	case sharePage:
		if !m.picker.Key(msg) {
			m.page = m.from
		}
		return nil
	case logPage:
		if msg.String() == "esc" {
			m.page = m.from
		} else {
			m.log.view.Key(msg)
		}
		return nil
	case menuPage:
		return m.menuKey(msg)
	case panelPage:
		return panelKey(m, msg)
	case listPage, detailPage:
	}
	return m.homeKey(msg)
}

// homeKey takes a key of the list or of the details.
func (m hand) homeKey(msg tea.KeyMsg) tea.Cmd {
	switch key := msg.String(); key {
	case "up", "k":
		m.move(-1)
	case "down", "j":
		m.move(1)
	case "pgup":
		m.move(-10)
	case "pgdown":
		m.move(10)
	case "home":
		m.move(-len(m.snap.Instances))
	case "end":
		m.move(len(m.snap.Instances))
	case "enter":
		if m.current() != nil {
			m.page = detailPage
		}
	case "esc":
		if m.page == detailPage && len(m.snap.Instances) > 1 {
			m.page = listPage
		} else {
			m.note = "This is the first page. Press q to quit."
		}
	case "a", "?":
		m.from, m.page, m.menuAt = m.page, menuPage, 0
	case "f5", "ctrl+l":
		m.Source.Refresh()
		return tea.ClearScreen
	default:
		return m.perform(m.actionOf(key), key)
	}
	return nil
}

// move chooses another instance.
func (m hand) move(by int) {
	if n := len(m.snap.Instances); n > 0 {
		m.dir = keyOf(m.snap.Instances[min(max(m.at()+by, 0), n-1)])
	}
}

func (m hand) menuKey(msg tea.KeyMsg) tea.Cmd {
	all := m.possible()
	switch key := msg.String(); key {
	case "up":
		m.menuAt = max(m.menuAt-1, 0)
	case "down":
		m.menuAt = min(m.menuAt+1, len(all)-1)
	case "esc", "a", "?":
		m.page = m.from
	case "enter":
		m.page = m.from
		if m.menuAt < len(all) {
			return m.perform(&all[m.menuAt], "")
		}
	default:
		m.page = m.from
		return m.perform(m.actionOf(key), key)
	}
	return nil
}

// perform does an action, or asks what it needs to know first.
func (m hand) perform(a *action, key string) tea.Cmd {
	switch {
	case a == nil:
		for _, other := range actions {
			if other.key == key && m.current() != nil {
				m.note = other.word + " is not possible now. Press a to see all actions."
			}
		}
		return nil
	case a.opens != nil:
		return a.opens(m)
	case a.do != nil:
		a.do(m)
		if m.choice.Answers {
			return m.leave()
		}
		return nil
	case a.asks != nil:
		args, alone := a.args, a.alone
		m.input = &input{question: *a.asks, typed: offer(m, a), check: checkWord, then: func(text string) tea.Cmd { return m.choose(append(args[:len(args):len(args)], text), alone) }}
		return nil
	}
	return m.choose(a.args, a.alone)
}

// offer is what stands in the field of a question at first: the newest backup.
func offer(m hand, a *action) string {
	if i := m.current(); a.key == restoreKey && m.NewestBackup != nil && i != nil {
		return m.NewestBackup(i.Dir)
	}
	return ""
}

// checkWord refuses what a command line would take for something else.
func checkWord(text string) string {
	if strings.HasPrefix(text, "-") || printable.Line(text) != text {
		return "This value cannot be used."
	}
	return ""
}

// choose ends the dashboard with a command.
func (m hand) choose(args []string, alone bool) tea.Cmd {
	m.choice = Choice{Args: args, Open: m.page == detailPage || m.page == panelPage && m.from == detailPage}
	if i := m.current(); i != nil && !alone {
		m.choice.Dir, m.choice.Name = i.Dir, i.Name
		if i.Dir == "" {
			m.choice = Choice{}
			m.note = "The directory of this instance is unknown, so openalgo-install cannot change it."
			return nil
		}
	}
	return m.leave()
}

// leave ends the dashboard: no further key counts.
func (m hand) leave() tea.Cmd {
	m.over = true
	return tea.Quit
}

func (m hand) inputKey(msg tea.KeyMsg) tea.Cmd {
	in := m.input
	in.fault = ""
	switch msg.Type {
	case tea.KeyEsc, tea.KeyCtrlC:
		m.input = nil
	case tea.KeyBackspace:
		if r := []rune(in.typed); len(r) > 0 {
			in.typed = string(r[:len(r)-1])
		}
	case tea.KeyCtrlU:
		in.typed = ""
	case tea.KeySpace, tea.KeyRunes:
		if len(in.typed) < 500 {
			in.typed += printable.Line(string(msg.Runes))
		}
	case tea.KeyEnter:
		text := strings.TrimSpace(in.typed)
		if text == "" {
			m.input = nil
			return nil
		}
		if in.check != nil {
			if in.fault = in.check(text); in.fault != "" {
				return nil
			}
		}
		m.input = nil
		return in.then(text)
	default:
	}
	return nil
}

func (m hand) openLog() {
	if m.page != menuPage {
		m.from = m.page
	}
	m.page = logPage
	m.followLog(m.wantsLog())
}

func (m hand) changeAnswers() {
	i := m.current()
	m.choice = Choice{Dir: i.Dir, Name: i.Name, Answers: true, Open: m.page == detailPage}
}

// newInstance asks for a name, unless the usual directory is free.
func (m hand) newInstance() {
	if m.NewDir != "" {
		m.choice = Choice{Dir: m.NewDir, Answers: true, Open: m.page == detailPage}
		return
	}
	m.input = &input{
		question: question{text: "Name", help: "Enter a name for the new instance, for example alpha: small letters, digits and dashes."},
		check: func(text string) string {
			if !answers.ValidName(text) {
				return "A name has small letters, digits and dashes, at most 40."
			}
			return ""
		},
		then: func(text string) tea.Cmd { return m.choose([]string{"--instance", text}, true) },
	}
}

// items are the texts of an instance that may be copied.
func (m hand) items(i live.Instance) []share.Item {
	tunnel := tunnelOf(i, m.snap.Public)
	return []share.Item{{Label: "Address", Text: i.URL}, {Label: "Redirect URL", Text: i.Redirect}, {Label: "SSH tunnel", Text: tunnel},
		{Label: "Public address of this machine", Text: m.snap.Public}}
}

func (m hand) openCopy() { m.openShare(false) }

func (m hand) openCode() { m.openShare(true) }

func (m hand) openShare(code bool) {
	p := share.NewPicker(m.Out, m.items(*m.current())...)
	if p == nil {
		m.note = "There is no address yet."
		return
	}
	if m.page != menuPage {
		m.from = m.page
	}
	p.Code, m.picker, m.page = code, p, sharePage
}

package dashboard

import (
	"context"
	"fmt"
	"sync"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"github.com/marketcalls/openalgo-install/internal/dashboard/logview"
	"github.com/marketcalls/openalgo-install/internal/live"
	"github.com/marketcalls/openalgo-install/internal/printable"
	"github.com/marketcalls/openalgo-install/internal/share"
)

// page is what is on the screen.
type page int

const (
	listPage page = iota
	detailPage
	menuPage // of all actions
	logPage
	sharePage
	panelPage // of messages or backups
)

// model is the whole dashboard.
type model struct {
	Options
	ctx           context.Context
	now           func() time.Time
	width, height int

	snap live.Snapshot
	dir  string // of the instance that is chosen
	top  int    // first row of the list that is seen
	page page
	from page // where a page that is left leads to
	note string

	menuAt int
	input  *input
	picker *share.Picker
	log    follower
	panel  panel

	choice Choice
	over   bool           // it is being left
	work   sync.WaitGroup // what must be over before the end
}

// The first size is a guess: it is told right after the start.
func newModel(ctx context.Context, o Options) *model {
	m := &model{Options: o, ctx: ctx, now: time.Now, width: 80, height: 24, dir: o.Dir, log: newFollower()}
	m.take(o.Source.Snapshot())
	if len(m.snap.Instances) == 1 || o.Open {
		m.page = detailPage
	}
	return m
}

// changedMsg says that there is something new to show, minuteMsg that the clock moved on,
// logMsg that a log has new lines, settledMsg that the cursor rests.
type (
	changedMsg struct{}
	minuteMsg  struct{}
	logMsg     struct{}
	settledMsg struct{ dir string }
)

func (m *model) Init() tea.Cmd {
	return tea.Batch(m.awaitChange, awaitMinute(), m.awaitLog, m.syncLog())
}

// awaitChange waits for something new, and then for the next frame.
func (m *model) awaitChange() tea.Msg { return await(m.ctx, m.Source.Changed(), changedMsg{}) }

func (m *model) awaitLog() tea.Msg { return await(m.ctx, m.log.some, logMsg{}) }

func await(ctx context.Context, some <-chan struct{}, msg tea.Msg) tea.Msg {
	select {
	case <-some:
	case <-ctx.Done():
		return nil
	}
	timer := time.NewTimer(redrawEvery)
	defer timer.Stop()
	select {
	case <-timer.C:
		return msg
	case <-ctx.Done():
		return nil
	}
}

func awaitMinute() tea.Cmd {
	return tea.Every(time.Minute, func(time.Time) tea.Msg { return minuteMsg{} })
}

func (m *model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		if msg.Width > 0 && msg.Height > 0 {
			m.width, m.height = msg.Width, msg.Height
		}
		return m, m.syncLog()
	case changedMsg:
		m.take(m.Source.Snapshot())
		return m, tea.Batch(m.awaitChange, m.syncLog())
	case minuteMsg:
		return m, awaitMinute()
	case logMsg:
		m.log.view.Add(m.log.buffer.Take())
		return m, m.awaitLog
	case panelMsg:
		m.takePanel(msg)
		return m, nil
	case settledMsg:
		if msg.dir == m.wantsLog() {
			m.followLog(msg.dir)
		}
		return m, nil
	case tea.KeyMsg:
		m.note = ""
		var cmds []tea.Cmd
		for _, one := range oneByOne(msg) {
			cmds = append(cmds, hand{m}.key(one))
		}
		return m, tea.Batch(append(cmds, m.syncLog())...)
	}
	return m, nil
}

// oneByOne are the keys of a message: what is typed fast comes as one.
func oneByOne(msg tea.KeyMsg) []tea.KeyMsg {
	if msg.Type != tea.KeyRunes || msg.Paste || len(msg.Runes) < 2 {
		return []tea.KeyMsg{msg}
	}
	var out []tea.KeyMsg
	for _, r := range msg.Runes {
		out = append(out, tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune{r}, Alt: msg.Alt})
	}
	return out
}

// take shows a Snapshot. The cursor stays on its instance.
func (m *model) take(s live.Snapshot) {
	m.snap = harmless(s)
	if m.current() == nil && len(s.Instances) > 0 {
		m.dir = keyOf(s.Instances[0])
	}
	if len(s.Instances) == 0 && m.page == detailPage {
		m.page = listPage
	}
}

// keyOf is by what an instance is found again.
func keyOf(i live.Instance) string {
	if i.Dir != "" {
		return i.Dir
	}
	return i.Name
}

// at is the row of the chosen instance; -1: there is none.
//
//go:noinline
func (m *model) at() int {
	for n, i := range m.snap.Instances {
		if keyOf(i) == m.dir {
			return n
		}
	}
	return -1
}

//go:noinline
func (m *model) current() *live.Instance {
	if n := m.at(); n >= 0 {
		return &m.snap.Instances[n]
	}
	return nil
}

// follower follows the log of one instance at a time.
type follower struct {
	dir    string // whose log it is; "": nobody's
	view   *logview.View
	buffer *logview.Buffer
	some   chan struct{}
	cancel context.CancelFunc
}

func newFollower() follower {
	return follower{view: logview.New(), buffer: &logview.Buffer{}, some: make(chan struct{}, 1), cancel: func() {}}
}

// wantsLog is the directory of the instance whose log is shown; "": none is.
func (m *model) wantsLog() string {
	i := m.current()
	if i == nil || i.Dir == "" || i.ID == "" {
		return ""
	}
	if m.page == listPage && !isWide(m) {
		return ""
	}
	return i.Dir
}

// rest is how long the cursor must stay where it is before a log is read.
const rest = 300 * time.Millisecond

// syncLog has another log followed, once the cursor rests.
func (m *model) syncLog() tea.Cmd {
	dir := m.wantsLog()
	if dir == m.log.dir || dir == "" {
		return nil
	}
	if m.page == logPage || m.log.dir == "" {
		m.followLog(dir)
		return nil
	}
	return tea.Tick(rest, func(time.Time) tea.Msg { return settledMsg{dir} })
}

// retry is how long to wait before a log that ended is read again: its container may
// have been replaced.
const retry = 2 * time.Second

// followLog follows a log until another one is wanted.
func (m *model) followLog(dir string) {
	if dir == m.log.dir {
		return
	}
	m.log.cancel()
	ctx, cancel := context.WithCancel(m.ctx)
	view := logview.New()
	buffer := &logview.Buffer{}
	some := m.log.some
	m.log.dir, m.log.view, m.log.buffer, m.log.cancel = dir, view, buffer, cancel
	m.work.Go(func() {
		take := func(line string) {
			buffer.Add(line)
			select {
			case some <- struct{}{}:
			default:
			}
		}
		for ctx.Err() == nil {
			err := readLog(ctx, m.Source, dir, take)
			if ctx.Err() == nil && err != nil {
				take("openalgo-install: the log cannot be read: " + printable.Line(err.Error()))
			}
			select {
			case <-ctx.Done():
			case <-time.After(retry):
			}
		}
	})
}

// readLog reads a log. A mistake in that is an error, since a panic would leave the
// terminal in ruins.
func readLog(ctx context.Context, source Source, dir string, take func(string)) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("internal error: %v", p)
		}
	}()
	return source.Logs(ctx, dir, take)
}

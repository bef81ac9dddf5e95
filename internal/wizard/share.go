package wizard

import (
	tea "github.com/charmbracelet/bubbletea"

	"github.com/marketcalls/openalgo-install/internal/broker"
	"github.com/marketcalls/openalgo-install/internal/share"
	"github.com/marketcalls/openalgo-install/internal/theme"
)

// sharePage copies an address, or shows it as a QR code.
type sharePage struct {
	*share.Picker
	m    *model
	from page
}

// openShare shows what the last page names: the secret setup link, the address, the
// redirect URL, the address that brokers see, the tunnel.
func openShare(from *resultPage, code bool) tea.Cmd {
	m := from.m
	a := m.outcome.Answers
	b, _ := broker.Find(a.Broker.Name)
	tunnel := ""
	if a.Domain == "" && !a.Ports.InNetwork() {
		tunnel = m.host.Next.After(m.outcome.Result).Way().Command(a.Ports)
	}
	r := m.outcome.Result
	p := share.NewPicker(m.out, share.Item{Label: "Setup link", Text: r.Account.Link.Reveal()}, share.Item{Label: "Address", Text: r.URL},
		share.Item{Label: "Redirect URL", Text: b.RedirectURL(a.Origin())}, share.Item{Label: "Public address", Text: r.Address.String()}, share.Item{Label: "SSH tunnel", Text: tunnel})
	if p != nil {
		p.Code = code
		m.page = &sharePage{p, m, from}
	}
	return nil
}

func (p *sharePage) title() string { return p.Title() }

func (p *sharePage) update(msg tea.Msg) tea.Cmd {
	if key, ok := msg.(tea.KeyMsg); ok && !p.Key(key) {
		p.m.page = p.from
	}
	return nil
}

func (p *sharePage) body(width, height int) ([]string, int, int) {
	lines := p.Lines(p.m.look, width, height)
	return lines, 0, min(len(lines), height)
}

func (p *sharePage) keys() string { return theme.Text(p.Keys()) }

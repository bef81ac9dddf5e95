package pointing

import (
	"context"
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"github.com/marketcalls/openalgo-install/internal/theme"
)

func init() {
	After = func(_ time.Duration, do func(time.Time) tea.Msg) tea.Cmd {
		return func() tea.Msg { return do(time.Time{}) }
	}
}

// Only the domain that was typed last is looked up, and its answer stays for the next page.
func TestAdvice(t *testing.T) {
	t.Parallel()
	var asked []string
	a := Advice{Look: func(_ context.Context, domain string) (bool, string) {
		asked = append(asked, domain)
		return domain == "here.example.com", domain + " points somewhere"
	}}
	look := theme.New(theme.Options{})
	early := a.About("algo.example.co", true)
	if a.About("algo.example.co", true) != nil || a.About("algo example", false) != nil {
		t.Error("what was asked, or is no domain, is asked about")
	}
	late := a.About("algo.example.com", true)
	if a.Update(t.Context(), early()) != nil {
		t.Error("it was typed on")
	}
	find := a.Update(t.Context(), late())
	if text := strings.Join(a.Later(look, 60), " "); !strings.Contains(text, "Looking algo.example.com up") {
		t.Error(text)
	}
	a.Update(t.Context(), find())
	if len(asked) != 1 || !strings.Contains(strings.Join(a.Lines(look, 60), " "), "algo.example.com points somewhere") || a.Later(look, 60) == nil {
		t.Errorf("%v: %q", asked, a.Lines(look, 60))
	}
	a.Update(t.Context(), a.Update(t.Context(), a.About("here.example.com", true)())())
	if a.Lines(look, 60) == nil || a.Later(look, 60) != nil {
		t.Error("what is right is told on the next page, or not on its own")
	}
	if a.About("", true); a.Lines(look, 60) != nil {
		t.Error("without a domain there is nothing to say")
	}
	if none := (&Advice{}); none.About("algo.example.com", true) != nil {
		t.Error("nobody can be asked")
	}
}

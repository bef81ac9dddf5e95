package dashboard

import (
	"strings"
	"testing"

	backups "github.com/marketcalls/openalgo-install/internal/backup"
	"github.com/marketcalls/openalgo-install/internal/live"
	"github.com/marketcalls/openalgo-install/internal/status"
	"github.com/marketcalls/openalgo-install/internal/theme"
)

// Nothing that others wrote reaches the terminal as more than text, on any page.
func TestNothingFromOutsideSteersTheTerminal(t *testing.T) {
	bad := func(s string) string { return s + "\x1b]52;c;RVZJTA==\x07\x1b[2J\nX" }
	spoilt := map[string]func(*live.Instance, *live.Snapshot){
		"name":     func(i *live.Instance, _ *live.Snapshot) { i.Name = bad("n") },
		"dir":      func(i *live.Instance, _ *live.Snapshot) { i.Dir = bad("/d") },
		"url":      func(i *live.Instance, _ *live.Snapshot) { i.URL = bad("https://u") },
		"redirect": func(i *live.Instance, _ *live.Snapshot) { i.Redirect = bad("https://r") },
		"broker":   func(i *live.Instance, _ *live.Snapshot) { i.Broker = bad("b") },
		"reason":   func(i *live.Instance, _ *live.Snapshot) { i.Reason = bad("r") },
		"version":  func(i *live.Instance, _ *live.Snapshot) { i.Status = &status.Instance{Version: bad("2.0")} },
		"tunnel":   func(i *live.Instance, _ *live.Snapshot) { i.Status = &status.Instance{Tunnel: bad("ssh")} },
		"https": func(i *live.Instance, _ *live.Snapshot) {
			i.Status = &status.Instance{HTTPS: &status.HTTPS{Domain: bad("d"), Until: bad("2")}}
		},
		"backup": func(i *live.Instance, _ *live.Snapshot) {
			i.Status = &status.Instance{Backup: &backups.Last{Message: bad("m")}}
		},
		"problem": func(i *live.Instance, _ *live.Snapshot) { i.Problems = []live.Problem{{ID: "x", Text: bad("p")}} },
		"fix": func(i *live.Instance, _ *live.Snapshot) {
			i.Problems = []live.Problem{{ID: "x", Text: "p", Fix: []string{bad("p")}}}
		},
		"trouble": func(_ *live.Instance, s *live.Snapshot) { s.Trouble = bad("t") },
		"broken":  func(_ *live.Instance, s *live.Snapshot) { s.Broken = bad("t") },
		"watch":   func(_ *live.Instance, s *live.Snapshot) { s.Watch = bad("on") },
		"public":  func(_ *live.Instance, s *live.Snapshot) { s.Public = bad("1.2.3.4") },
	}
	for name, spoil := range spoilt {
		for _, keys := range [][]string{nil, {"<enter>"}, {"a"}, {"y"}, {"Q"}, {"l"}, {"<enter>", "y"}} {
			for _, size := range [][2]int{{80, 24}, {140, 45}, {40, 13}} {
				f := newFake(2)
				spoil(&f.snap.Instances[0], &f.snap)
				f.log = nil
				dir := f.snap.Instances[0].Dir
				s := begin(t, f, theme.Options{Unicode: true}, size[0], size[1])
				s.m.dir = keyOf(s.m.snap.Instances[0])
				view := s.keys(keys...).m.View()
				if strings.Contains(view, "\x1b]") || strings.Contains(view, "\x1b[2J") || strings.Contains(view, "\x07") {
					t.Errorf("%s, keys %q, size %v: a sequence reaches the terminal", name, keys, size)
				}
				if n := strings.Count(view, "\n") + 1; n > size[1] {
					t.Errorf("%s, keys %q, size %v: %d lines", name, keys, size, n)
				}
				if s.m.snap.Instances[0].Dir != dir {
					t.Error("a command would be for another directory")
				}
			}
		}
	}
}

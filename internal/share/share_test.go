package share

import (
	"bytes"
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"

	"github.com/marketcalls/openalgo-install/internal/theme"
)

const site = "https://algo.example.com/zerodha/callback"

func TestSequence(t *testing.T) {
	plain := "\x1b]52;c;" + base64.StdEncoding.EncodeToString([]byte(site)) + "\x07"
	wrapped := "\x1bPtmux;\x1b" + plain + "\x1b\\"
	for name, c := range map[string]struct {
		env  map[string]string
		want string
	}{
		"a terminal":        {map[string]string{"TERM": "xterm-256color"}, plain},
		"tmux":              {map[string]string{"TERM": "screen-256color", "TMUX": "/tmp/tmux"}, plain + wrapped},
		"tmux through sudo": {map[string]string{"TERM": "tmux-256color"}, plain + wrapped},
		"screen":            {map[string]string{"TERM": "screen.xterm", "STY": "1.pts"}, "\x1bP" + plain + "\x1b\\"},
	} {
		if got := sequence(site, func(key string) string { return c.env[key] }); got != c.want {
			t.Errorf("%s: %q", name, got)
		}
	}
	long := sequence(strings.Repeat("x", 300), func(key string) string { return map[string]string{"STY": "1"}[key] })
	for piece := range strings.SplitSeq(long, "\x1b\\") {
		if len(piece) > 80 {
			t.Errorf("screen gets %d bytes at once", len(piece))
		}
	}
	if err := Copy(&bytes.Buffer{}, strings.Repeat("x", 1<<20)); !errors.Is(err, ErrTooLong) {
		t.Error(err)
	}
}

// A code is read back by what it was made of: its edge is white, its finder is there.
func TestQR(t *testing.T) {
	lines, err := QR(theme.New(theme.Options{Unicode: true, Colours: theme.Many}), site, 80, 20)
	if err != nil {
		t.Fatal(err)
	}
	for i, line := range lines {
		if ansi.StringWidth(line) != ansi.StringWidth(lines[0]) || !strings.Contains(line, "\x1b[") {
			t.Errorf("line %d: %q", i, line)
		}
	}
	if first := ansi.Strip(lines[0]); strings.Trim(first, "█") != "" {
		t.Errorf("the edge is not white: %q", first)
	}
	if finder := []rune(ansi.Strip(lines[1])); string(finder[2:9]) != " ▄▄▄▄▄ " {
		t.Errorf("no finder: %q", string(finder))
	}
	for _, o := range []theme.Options{{}, {Unicode: true}} {
		_, err := QR(theme.New(o), site, 30, 20)
		if err == nil {
			t.Errorf("%+v: a code where there is no room", o)
		}
	}
}

func TestPicker(t *testing.T) {
	var out bytes.Buffer
	p := NewPicker(&out, Item{"Address", "https://algo.example.com"}, Item{"SSH tunnel", ""}, Item{"Redirect URL", site})
	if len(p.Items) != 2 {
		t.Fatalf("%+v", p.Items)
	}
	screen := func() string { return strings.Join(p.Lines(theme.New(theme.Options{}), 80, 20), "\n") }
	if strings.Contains(screen(), "Copied") {
		t.Error("nothing was copied yet")
	}
	p.Key(tea.KeyMsg{Type: tea.KeyDown})
	if !p.Key(tea.KeyMsg{Type: tea.KeyEnter}) || !strings.Contains(screen(), "Copied: Redirect URL") || !strings.Contains(out.String(), base64.StdEncoding.EncodeToString([]byte(site))) {
		t.Errorf("%q\n%s", out.String(), screen())
	}
	if p.Key(tea.KeyMsg{Type: tea.KeyEsc}) {
		t.Error("esc does not leave")
	}
	if NewPicker(&out, Item{"Address", ""}) != nil {
		t.Error("a page of nothing")
	}
}

func TestOnlyHere(t *testing.T) {
	for address, want := range map[string]bool{
		"http://127.0.0.1:5000": true, "http://localhost:5000": true, "http://[::1]:5000": true,
		"https://algo.example.com": false, "http://10.0.0.4:5000": false, "": false,
	} {
		if got := OnlyHere(address); got != want {
			t.Errorf("OnlyHere(%q) = %v", address, got)
		}
	}
}

package present

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/creack/pty"
)

func TestFold(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, want string }{
		"prose":      {"one two three four five six seven eight", "one two three four five six\nseven eight"},
		"fits":       {"one two", "one two"},
		"note":       {"  note  one two three four five six seven", "  note  one two three four\n        five six seven"},
		"item":       {"  - one two three four five six seven", "  - one two three four five\n    six seven"},
		"number":     {"12. one two three four five six seven", "12. one two three four five\n    six seven"},
		"check":      {"WARN  env  one two three four five six", "WARN  env  one two three four\n           five six"},
		"arrow":      {"   -> One two three four five six seven", "   -> One two three four five\n      six seven"},
		"command":    {"    sudo openalgo-install --dir /srv/algo start", "    sudo openalgo-install --dir /srv/algo start"},
		"in prose":   {"to see what it does openalgo-install status", "to see what it does openalgo-install status"},
		"at the end": {"  note  it waits for you. To cancel it: openalgo-install --dir /a resize --cancel", "  note  it waits for you. To\n        cancel it:\n            openalgo-install --dir /a resize --cancel"},
		"quoted":     {"Allow them some more memory: `sizing: {memory: 512}`, then", "Allow them some more memory:\n`sizing: {memory: 512}`, then"},
		"change":     {"  create    file       /srv/algo/.env (OpenAlgo's settings)", "  create    file       /srv/algo/.env (OpenAlgo's settings)"},
		"reason":     {"            one two three four five", "            one two three four\n            five"},
		"row":        {"  market     NSE and BSE open at nine", "  market     NSE and BSE open\n             at nine"},
		"arrow to":   {"   -> Start it: sudo openalgo-install start now", "   -> Start it: sudo openalgo-install start now"},
		"of others":  {"   -> apt-get install ufw; ufw allow 22; ufw enable", "   -> apt-get install ufw; ufw allow 22; ufw enable"},
		"whole":      {"the backup is in /opt/openalgo-backups/a-b-c.tar.zst now", "the backup is in\n/opt/openalgo-backups/a-b-c.tar.zst\nnow"},
		"diff":       {"            | +A = '1 2 3 4 5 6 7 8 9 0'", "            | +A = '1 2 3 4 5 6 7 8 9 0'"},
		"table":      {"  OMP_NUM_THREADS  1        -        2       kept", "  OMP_NUM_THREADS  1        -        2       kept"},
		"one word":   {"https://algo.example.com/a/very/long/address", "https://algo.example.com/a/very/long/address"},
		"several":    {"one two three four five six seven\n\n    a command that is long enough\n", "one two three four five six\nseven\n\n    a command that is long enough\n"},
	} {
		if got := fold(c.text, 30); got != c.want {
			t.Errorf("%s:\n%s\nwant\n%s", name, got, c.want)
		}
	}
	if text := strings.Repeat("word ", 50); fold(text, 0) != text {
		t.Error("folded without a terminal")
	}
}

// Only a terminal's width counts, and no more of it than can be read well.
func TestColumns(t *testing.T) {
	t.Parallel()
	screen, tty, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer screen.Close()
	defer tty.Close()
	for size, want := range map[uint16]int{0: 80, 60: 60, 80: 80, 200: 100} {
		if err := pty.Setsize(screen, &pty.Winsize{Rows: 24, Cols: size}); err != nil {
			t.Fatal(err)
		}
		if got := columns(tty); got != want {
			t.Errorf("%d columns: %d, want %d", size, got, want)
		}
	}
	file, err := os.CreateTemp(t.TempDir(), "out")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if columns(file) != 0 || columns(&bytes.Buffer{}) != 0 {
		t.Error("a file is no terminal")
	}
}

// A command at the end of a sentence is pasted with all that follows it.
func TestACommandHasNoFullStop(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"it is stopped. To start it again: openalgo-install --dir /srv/algo start": "It is stopped. To start it again: openalgo-install --dir /srv/algo start",
		"OpenAlgo is ready at http://127.0.0.1:5000":                               "OpenAlgo is ready at http://127.0.0.1:5000.",
		"nothing to do: OpenAlgo is ready":                                         "Nothing to do: OpenAlgo is ready.",
	} {
		if got := sentence(text); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// Package share hands an address on to another program or device: into the clipboard
// of the terminal that shows it, or as a QR code.
package share

import (
	"encoding/base64"
	"errors"
	"io"
	"os"
	"strings"
)

// mostCopied bounds what a terminal is given; some take 8 kB in all.
const mostCopied = 4 << 10

// ErrTooLong is what a text is that no terminal would take.
var ErrTooLong = errors.New("this text is too long for the terminal's clipboard")

// Copy puts text into the clipboard of the terminal behind w (OSC 52). A terminal does
// not say whether it took it.
func Copy(w io.Writer, text string) error {
	if len(text) > mostCopied {
		return ErrTooLong
	}
	_, err := io.WriteString(w, sequence(text, os.Getenv))
	return err
}

// sequence is what the terminal reads. tmux and screen pass on only what is wrapped for
// them. sudo drops the variables by which they are known, but not TERM.
func sequence(text string, getenv func(string) string) string {
	plain := "\x1b]52;c;" + base64.StdEncoding.EncodeToString([]byte(text)) + "\x07"
	term := getenv("TERM")
	switch {
	case getenv("TMUX") != "", strings.HasPrefix(term, "tmux"):
		// A tmux that keeps a clipboard itself reads the plain one.
		return plain + "\x1bPtmux;" + strings.ReplaceAll(plain, "\x1b", "\x1b\x1b") + "\x1b\\"
	case getenv("STY") != "", strings.HasPrefix(term, "screen."):
		return inScreen(plain)
	case strings.HasPrefix(term, "screen"):
		return plain + "\x1bPtmux;" + strings.ReplaceAll(plain, "\x1b", "\x1b\x1b") + "\x1b\\"
	}
	return plain
}

// inScreen wraps a sequence in pieces that are short enough for GNU screen.
func inScreen(plain string) string {
	const most = 76
	var out strings.Builder
	for len(plain) > 0 {
		n := min(len(plain), most)
		out.WriteString("\x1bP" + plain[:n] + "\x1b\\")
		plain = plain[n:]
	}
	return out.String()
}

package present

import (
	"io"
	"os"
	"regexp"
	"strings"

	"github.com/charmbracelet/x/ansi"
	"golang.org/x/term"

	"github.com/marketcalls/openalgo-install/internal/printable"
)

const (
	mostColumns = 100 // longer lines are hard to read
	anyColumns  = 80  // of a terminal that does not say
)

// Folded is a writer for people: on a terminal prose is broken between words, and further
// lines begin below the first one's words. Everywhere else it is the writer itself.
func Folded(to io.Writer) io.Writer {
	width := columns(to)
	if width == 0 {
		return to
	}
	return folder{to, width}
}

// columns is how wide prose is on a terminal; 0 is no terminal.
func columns(to io.Writer) int {
	at := fd(to)
	if file, ok := to.(*os.File); !ok || file == nil || !term.IsTerminal(at) {
		return 0
	}
	width, _, err := term.GetSize(at)
	if err != nil || width <= 0 {
		width = anyColumns
	}
	return min(width, mostColumns)
}

type folder struct {
	to    io.Writer
	width int
}

func (f folder) Write(text []byte) (int, error) {
	if _, err := io.WriteString(f.to, fold(string(text), f.width)); err != nil {
		return 0, err
	}
	return len(text), nil
}

// marks are what may stand before prose: of a note, an item, a number, a check of doctor.
var marks = regexp.MustCompile(`^(?:  (?:note|WARN|FAIL|ok  )  |(?:FAIL|WARN|ok  )  \S+ +| +-> | *- |\d+\. )?`)

// pasted are the beginnings of commands that somebody may copy out of a line.
var pasted = regexp.MustCompile("`|(?:^|[ :])(?:sudo|doas|docker|ssh|scp|curl|dig|openalgo-install) ")

// fold breaks those lines of a text that are prose. Commands, diffs and tables, which are
// indented, stay as they are, and so does a line that has a command in it.
func fold(text string, width int) string {
	if width <= 0 {
		return text
	}
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		mark := marks.FindString(line)
		prose := line[len(mark):]
		if ansi.StringWidth(line) <= width || strings.HasPrefix(prose, " ") || pasted.MatchString(prose) || width-len(mark) < 16 {
			continue
		}
		if strings.HasSuffix(mark, "-> ") && (strings.Contains(prose, ": ") || prose[0] >= 'a') {
			continue // what to do ends with a command, or is one
		}
		lines[i] = mark + wrapped(prose, width-len(mark), "\n"+strings.Repeat(" ", len(mark)))
	}
	return strings.Join(lines, "\n")
}

// wrapped breaks a line at its spaces alone: a path or a name must stay whole.
func wrapped(prose string, width int, newLine string) string {
	var out strings.Builder
	at := 0
	for n, word := range strings.Split(prose, " ") {
		wide := ansi.StringWidth(word)
		switch {
		case n > 0 && at+1+wide > width:
			out.WriteString(newLine)
			at = 0
		case n > 0:
			out.WriteString(" ")
			at++
		}
		out.WriteString(word)
		at += wide
	}
	return out.String()
}

// Sentence prints a text for people on a line of its own.
func Sentence(to io.Writer, text string) {
	_, _ = io.WriteString(Folded(to), printable.Text(text)+"\n")
}

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

// marks are what may stand before prose: of a note, an item, a number, a check of doctor, a
// change of a plan, a row of a status, what is below one of those, and a flag.
var marks = regexp.MustCompile(`^(?:  (?:note|WARN|FAIL|ok) +|(?:FAIL|WARN|ok  )  \S+ +| +-> | *- |\d+\. |` +
	`(?:problem|warning|info) +|  (?:public ip|[a-z]{3,9}) {2,}(?:[a-z]{4,9} {2,})?| {12,13}|(?:  -\w, |      )--[a-z-]+(?: ?[a-z]+|\[="on"\])* {2,})?`)

// pasted are the beginnings of commands that somebody may copy out of a line.
var pasted = regexp.MustCompile(`(?:^|[ :])(?:` + programs + `) `)

// ending is the command that a line ends with.
var ending = regexp.MustCompile(`: (?:` + programs + `) (?:[^.(;]|\.[^ ])*$`)

const programs = "sudo|doas|docker|ssh|scp|curl|dig|timedatectl|apt-get|openalgo-install"

// fold breaks those lines of a text that are prose. Commands, diffs and tables, which are
// indented, stay as they are, and so does a line that has a command in it. A command at the
// end gets a line of its own.
func fold(text string, width int) string {
	if width <= 0 {
		return text
	}
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		mark := marks.FindString(line)
		prose, command := line[len(mark):], ""
		if ansi.StringWidth(line) <= width || strings.HasPrefix(prose, " ") || strings.HasPrefix(prose, "|") || width-len(mark) < 16 {
			continue
		}
		if strings.HasSuffix(mark, "-> ") && (strings.Contains(prose, ": ") || prose[0] >= 'a') {
			continue // what to do ends with a command, or is one
		}
		indent := "\n" + strings.Repeat(" ", len(mark))
		if at := ending.FindStringIndex(prose); at != nil {
			prose, command = prose[:at[0]+1], indent+"    "+prose[at[0]+2:]
		}
		if pasted.MatchString(prose) {
			continue
		}
		lines[i] = mark + wrapped(prose, width-len(mark), indent) + command
	}
	return strings.Join(lines, "\n")
}

// words are those of a line, each but the first with the space before it.
var words = regexp.MustCompile("^[^ `]*(?:`[^`]*`?[^ `]*)*| [^ `]*(?:`[^`]*`?[^ `]*)*")

// wrapped breaks a line at its spaces alone: a path or a name must stay whole, and so must
// what stands between backticks.
func wrapped(prose string, width int, newLine string) string {
	var out strings.Builder
	at := 0
	for n, word := range words.FindAllString(prose, -1) {
		word = strings.TrimPrefix(word, " ")
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

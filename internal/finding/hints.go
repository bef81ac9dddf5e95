package finding

import (
	"strings"
	"sync/atomic"
)

// DefaultDir is where an instance is when nobody names another place.
const DefaultDir = "/opt/openalgo"

const program = "openalgo-install"

// Hint is one thing that a user can do about what is wrong. Its command is
// data: the directory and sudo are added where it is printed.
type Hint struct {
	Do   string   `json:"do,omitempty"`   // what to do, without its command and without a full stop
	Args []string `json:"args,omitempty"` // a command of ours for it: what follows the program's name, without --dir
	// Dir is the instance of Args; "" is the one that the user named.
	Dir   string   `json:"dir,omitempty"`
	Shell []string `json:"shell,omitempty"` // commands of other programs for it, before the one of ours
	// Answers is a part of an answers file that does it.
	Answers string `json:"answers,omitempty"`
	// Page is what to do instead, as a sentence, for somebody who is asked for the
	// answers; "" is nothing, since the page itself says it.
	Page string `json:"-"`
}

// Run returns a hint that is a command of ours.
//
//go:noinline
func Run(do string, args ...string) Hint { return Hint{Do: do, Args: args} }

// Anywhere returns a hint that is a command of ours, and about no instance or
// about all.
func Anywhere(do string, args ...string) Hint {
	return Hint{Do: do, Args: append([]string{}, args...), Dir: DefaultDir}
}

// Beside returns a hint that is a command of ours in a new directory beside dir.
func Beside(dir, do string, args ...string) Hint {
	return Hint{Do: do, Dir: dir + "-new", Args: append([]string{}, args...)}
}

// Shell returns a hint that is commands of other programs.
//
//go:noinline
func Shell(do string, commands ...string) Hint { return Hint{Do: do, Shell: commands} }

// Answer returns a hint that is a part of an answers file; page is what to do instead for
// somebody who is asked for the answers.
func Answer(do, answers, page string) Hint { return Hint{Do: do, Answers: answers, Page: page} }

// Prompt is where the reader of a hint is going to type its command.
type Prompt struct {
	Dir  string // of the instance
	Sudo bool   // the commands need it
	// Asked says that the reader is asked for the answers, and writes no file.
	Asked bool
}

// login says how this process became root; nil is not known, or it is not root.
var login atomic.Pointer[string]

// Root says that the reader has become root by a program, such as sudo, and has to do so
// again for each command; "" is a login as root, where no command needs that.
func Root(by string) { login.Store(&by) }

// asRoot is what a command begins with.
func (p Prompt) asRoot() string {
	switch by := login.Load(); {
	case by != nil && *by != "":
		return *by + " "
	case by == nil && p.Sudo:
		return "sudo "
	}
	return ""
}

// Command returns a command of ours as one line that is fit to be pasted.
//
//go:noinline
func (p Prompt) Command(args ...string) string {
	words := []string{p.asRoot() + program}
	if p.Dir != "" && p.Dir != DefaultDir {
		words = append(words, "--dir", Quoted(p.Dir))
	}
	for _, arg := range args {
		words = append(words, Quoted(arg))
	}
	return strings.Join(words, " ")
}

// Command returns a command of ours for the instance in dir, to be named in a
// sentence.
func Command[D ~string](dir D, args ...string) string {
	return Prompt{Dir: string(dir)}.Command(args...)
}

// Quoted returns a word as a shell takes it for one.
func Quoted(word string) string {
	if word != "" && !strings.ContainsAny(word, " \t'\"$&;()<>|*?`\\") {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// commands are the lines of a hint that are to be pasted.
func (p Prompt) commands(h Hint) []string {
	lines := append([]string{}, h.Shell...)
	if by := login.Load(); by != nil && *by != "sudo" {
		for i, line := range lines { // there may be no sudo
			if command, ok := strings.CutPrefix(line, "sudo "); ok {
				lines[i] = p.asRoot() + command
			}
		}
	}
	if h.Answers != "" {
		lines = append(lines, h.Answers)
	}
	if h.Args != nil {
		if h.Dir != "" {
			p.Dir = h.Dir
		}
		lines = append(lines, p.Command(h.Args...))
	}
	return lines
}

// Line returns a hint as one line, as of a table.
func (p Prompt) Line(h Hint) string {
	if h = p.of(h); h.Answers != "" {
		return h.Do + ": `" + h.Answers + "`"
	}
	line := strings.Join(p.commands(h), "; ")
	if h.Do == "" || line == "" {
		return h.Do + line
	}
	return h.Do + ": " + line
}

// of is a hint for this reader.
func (p Prompt) of(h Hint) Hint {
	if p.Asked && h.Answers != "" {
		return Hint{Do: h.Page}
	}
	return h
}

// forReader are the hints that this reader can act on.
func (p Prompt) forReader(hints []Hint) (out []Hint) {
	for _, h := range hints {
		if h = p.of(h); h.Do != "" || len(p.commands(h)) > 0 {
			out = append(out, h)
		}
	}
	return out
}

// Hints returns what to do: one way as a sentence with its commands, several as
// a list. Each command stands on a line of its own.
func (p Prompt) Hints(hints []Hint) string {
	if hints = p.forReader(hints); len(hints) == 0 {
		return ""
	}
	if len(hints) == 1 {
		return p.way(hints[0], "    ")
	}
	var text strings.Builder
	for i, h := range hints {
		if i == 0 {
			text.WriteString("You can do one of these:\n")
		}
		way := p.way(h, "        ")
		if len(p.commands(h)) == 0 { // a full stop may be a part of a command
			way = strings.TrimSuffix(way, ".")
		}
		text.WriteString("\n  - " + way + "\n")
	}
	return strings.TrimRight(strings.ReplaceAll(text.String(), "\n\n\n", "\n\n"), "\n")
}

// way is what to do, with its commands indented below it.
func (p Prompt) way(h Hint, indent string) string {
	lines := p.commands(h)
	if len(lines) == 0 {
		return strings.TrimSuffix(h.Do, ".") + "."
	}
	return h.Do + ":\n\n" + indent + strings.Join(lines, "\n"+indent)
}

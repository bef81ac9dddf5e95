package finding

import "strings"

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
}

// Run returns a hint that is a command of ours.
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
func Shell(do string, commands ...string) Hint { return Hint{Do: do, Shell: commands} }

// Prompt is where the reader of a hint is going to type its command.
type Prompt struct {
	Dir  string // of the instance
	Sudo bool   // the commands need it
}

// Command returns a command of ours as one line that is fit to be pasted.
func (p Prompt) Command(args ...string) string {
	words := []string{program}
	if p.Sudo {
		words = []string{"sudo", program}
	}
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
	line := strings.Join(p.commands(h), "; ")
	if h.Do == "" || line == "" {
		return h.Do + line
	}
	return h.Do + ": " + line
}

// Hints returns what to do: one way as a sentence with its commands, several as
// a list. Each command stands on a line of its own.
func (p Prompt) Hints(hints []Hint) string {
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

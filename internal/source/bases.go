package source

import (
	"regexp"
	"slices"
	"strings"
)

var (
	fromLine    = regexp.MustCompile(`(?i)^\s*FROM\s+(?:--\S+\s+)*(\S+)(?:\s+AS\s+(\S+))?\s*$`)
	copyLine    = regexp.MustCompile(`(?i)^\s*COPY\s.*--from=(\S+)`)
	argLine     = regexp.MustCompile(`(?i)^\s*ARG\s+(.*)$`)
	escapeLine  = regexp.MustCompile(`(?i)^\s*#\s*escape\s*=\s*(\S)`)
	frontend    = regexp.MustCompile(`(?i)^\s*#\s*syntax\s*=\s*(\S+)`)
	variable    = regexp.MustCompile(`\$(?:([A-Za-z_][A-Za-z0-9_]*)|\{([A-Za-z_][A-Za-z0-9_]*)(?:(:?[-+])([^}]*))?\})`)
	stageNumber = regexp.MustCompile(`^[0-9]+$`)
)

// Bases lists the images that a Dockerfile names: in FROM, in COPY --from and
// as its syntax. Arguments count where the file declares them before its first
// stage. Docker is to have them all before the build: without a session
// BuildKit cannot log in to fetch them itself (measured on 20.10 to 28.5).
func Bases(dockerfile string, args map[string]string) []string {
	b := &bases{given: args, values: map[string]string{}, stages: map[string]bool{"scratch": true}}
	for _, line := range logicalLines(dockerfile) {
		b.line(line)
	}
	return b.images
}

type bases struct {
	given, values map[string]string // arguments as given, and as declared so far
	stages        map[string]bool   // names, lower case
	begun         bool              // a FROM was seen
	images        []string
}

func (b *bases) line(line string) {
	if m := frontend.FindStringSubmatch(line); m != nil && !b.begun {
		b.add(m[1])
	} else if m := argLine.FindStringSubmatch(line); m != nil && !b.begun {
		b.declare(m[1])
	} else if m := fromLine.FindStringSubmatch(line); m != nil {
		b.begun = true
		b.add(b.expand(m[1]))
		b.stages[strings.ToLower(m[2])] = true
	} else if m := copyLine.FindStringSubmatch(line); m != nil {
		b.add(b.expand(m[1]))
	}
}

func (b *bases) add(image string) {
	if image == "" || b.stages[strings.ToLower(image)] || stageNumber.MatchString(image) || slices.Contains(b.images, image) {
		return
	}
	b.images = append(b.images, image)
}

// declare takes the arguments of one ARG line.
func (b *bases) declare(text string) {
	for _, word := range strings.Fields(text) {
		name, value, _ := strings.Cut(word, "=")
		if given, ok := b.given[name]; ok {
			value = given
		}
		b.values[name] = b.expand(strings.Trim(value, `"'`))
	}
}

func (b *bases) expand(text string) string {
	return variable.ReplaceAllStringFunc(text, func(found string) string {
		m := variable.FindStringSubmatch(found)
		value, set := b.values[m[1]+m[2]]
		if strings.HasPrefix(m[3], ":") {
			set = value != ""
		}
		switch {
		case strings.HasSuffix(m[3], "-") && !set, strings.HasSuffix(m[3], "+") && set:
			return m[4]
		case strings.HasSuffix(m[3], "+"):
			return ""
		}
		return value
	})
}

// logicalLines joins continued lines and drops comments, but for those at the
// top, which may be directives.
func logicalLines(text string) []string {
	escape, joined := `\`, ""
	var out []string
	directives := true
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, " \t\r\n")
		if comment := strings.HasPrefix(strings.TrimSpace(line), "#"); comment {
			if m := escapeLine.FindStringSubmatch(line); m != nil && directives {
				escape = m[1]
			} else if directives {
				out = append(out, line)
			}
			continue
		}
		directives = false
		if rest, continued := strings.CutSuffix(line, escape); continued {
			joined += rest + " "
			continue
		}
		out, joined = append(out, joined+line), ""
	}
	return append(out, joined)
}

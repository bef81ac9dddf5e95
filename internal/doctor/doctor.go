// Package doctor finds what is wrong with an instance, its engine and its
// machine, and names the command that fixes it. It changes nothing: gather
// looks at what several checks need, each check at the rest, and judges.
package doctor

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/marketcalls/openalgo-install/internal/engine"
	"github.com/marketcalls/openalgo-install/internal/envfile"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/host"
	"github.com/marketcalls/openalgo-install/internal/printable"
	"github.com/marketcalls/openalgo-install/internal/status"
)

// Level is how bad a finding is.
type Level string

// The levels. A failure is something that does not work now, a warning
// something that is going to hurt.
const (
	OK      Level = "ok"
	Warning Level = "warning"
	Failure Level = "failure"
)

// Finding is what one check saw.
type Finding struct {
	Check    string         `json:"check"`
	ID       string         `json:"id,omitempty"` // what a command calls it that refuses for it; "" of what is ok
	Level    Level          `json:"level"`
	Evidence string         `json:"evidence"`
	Hints    []finding.Hint `json:"hints,omitempty"` // what to do
	Mend     string         `json:"mend,omitempty"`  // the first of them as a line
	Fix      Fix            `json:"fix,omitempty"`   // what `doctor --fix` does about it

	Pace      Pace      `json:"-"` // of its check
	OfMachine bool      `json:"-"` // it is the same for every instance
	Ends      time.Time `json:"-"` // when what is good until then ends, such as a certificate
	Unseen    []string  `json:"-"` // the IDs of findings that could not be looked for

	refused bool // a command says so, and no check of its own saw it
}

// Report is everything that was looked at.
type Report struct {
	Findings []Finding `json:"findings"`
	Failures int       `json:"failures"`
	Warnings int       `json:"warnings"`
}

// patient is what was seen. A nil part could not be looked at, or is not there.
type patient struct {
	dir    string
	reader finding.Prompt

	engine    *engine.Info
	engineErr error
	host      *host.Facts

	instance  *status.Instance
	container *engine.Container
	// containerErr says why the container could not be looked at, which is not that it
	// is gone.
	containerErr error

	env        *envfile.File
	envErr     error
	idleSalt   bool // no data depends on a FERNET_SALT: the release knows none
	envMode    fs.FileMode
	envOwner   owner
	unfinished string
	left       string // the command that was interrupted
	unreadable error  // why that is not known
	obstacles  []obstacle

	now time.Time
}

// Examine looks at the machine, Docker and the OpenAlgo in a directory, and
// judges what it sees.
func Examine(ctx context.Context, l Look) Report { return ExamineSome(ctx, l, Paces()...) }

func report(p patient, checks []check) Report {
	r := Report{Findings: []Finding{}}
	for _, check := range checks {
		r.Findings = append(r.Findings, check.judge(p)...)
	}
	all := slices.Clone(r.Findings)
	r.Findings = slices.DeleteFunc(r.Findings, func(f Finding) bool { return f.refused && isSeen(all, f) })
	for i := range r.Findings {
		f := &r.Findings[i]
		if len(f.Hints) > 0 {
			f.Mend = p.reader.Line(f.Hints[0])
		}
		switch f.Level {
		case Failure:
			r.Failures++
		case Warning:
			r.Warnings++
		case OK:
		}
	}
	return r
}

// isSeen reports whether a check has seen by itself what a command refuses for, and
// holds it for as bad.
func isSeen(all []Finding, refused Finding) bool {
	return slices.ContainsFunc(all, func(f Finding) bool {
		return !f.refused && f.ID == refused.ID && (f.Level == Failure || f.Level == refused.Level)
	})
}

// WriteText prints the report for a person: what is wrong first.
func (r Report) WriteText(w io.Writer) {
	for _, level := range []struct {
		level Level
		mark  string
	}{{Failure, "FAIL"}, {Warning, "WARN"}, {OK, "ok"}} {
		for _, f := range r.Findings {
			if f.Level != level.level {
				continue
			}
			fmt.Fprintf(w, "%-4s  %-12s %s\n", level.mark, f.Check, printable.Text(f.Evidence))
			if f.Mend != "" {
				fmt.Fprintf(w, "      %-12s -> %s\n", "", printable.Text(f.Mend))
			}
		}
	}
	fmt.Fprintf(w, "\n%s, %s, %s\n", printable.Count(r.Failures, "failure"), printable.Count(r.Warnings, "warning"), printable.Count(len(r.Findings), "check"))
}

// unseen adds to findings which others could not be looked for.
func unseen(found []Finding, ids ...string) []Finding {
	for i := range found {
		found[i].Unseen = ids
	}
	return found
}

//go:noinline
func ok(check, format string, args ...any) []Finding {
	return []Finding{{Check: check, Level: OK, Evidence: fmt.Sprintf(format, args...)}}
}

// warning is what is going to hurt.
//
//go:noinline
func warning(check string, found *finding.Error) []Finding { return of(check, Warning, found) }

// failure is what does not work now.
//
//go:noinline
func failure(check string, found *finding.Error) []Finding { return of(check, Failure, found) }

func of(check string, level Level, found *finding.Error) []Finding {
	return []Finding{{Check: check, ID: finding.IDOf(found), Level: level, Evidence: inOneLine(found.Error()), Hints: finding.HintsOf(found),
		Fix: fixFor(finding.HintsOf(found))}}
}

// inOneLine is a text of several paragraphs as a row of sentences.
func inOneLine(text string) string {
	return strings.Join(strings.Fields(strings.ReplaceAll(text, "\n\n", ". ")), " ")
}

// ours is a command of ours for this instance.
func ours(args ...string) finding.Hint { return finding.Hint{Args: append([]string{}, args...)} }

// shell is a command of another program.
func shell(command string) finding.Hint { return finding.Hint{Shell: []string{command}} }

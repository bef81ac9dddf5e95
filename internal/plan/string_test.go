package plan

import (
	"fmt"
	"strings"
)

// lines are a plan in lines: one a change with its cause and, where something
// that is there is changed, how; what it warns of and asks, and one a step.
func lines(p *Plan) string {
	var b strings.Builder
	for _, c := range p.Changes {
		fmt.Fprintf(&b, "%s %s %s: %s\n", c.Action, c.Kind, c.Name, c.Reason)
		for _, line := range changedLines(c.Diff) {
			fmt.Fprintf(&b, "  | %s\n", line)
		}
	}
	for _, l := range p.Settings {
		fmt.Fprintf(&b, "setting %s: .env %q, container %q, due %q: %s, %s\n", l.Key, l.Env, l.Container, l.Due, l.Action, l.Reason)
	}
	if p.Removal != nil {
		for _, kept := range p.Removal.Kept {
			fmt.Fprintf(&b, "keep %s\n", kept)
		}
	}
	for i, w := range p.Findings {
		fmt.Fprintf(&b, "warning %s: %s\n", w.ID, p.Warnings[i])
	}
	if p.Downtime != nil {
		fmt.Fprintf(&b, "downtime: %s\n", p.Downtime.Text)
	}
	for _, a := range p.Asks {
		fmt.Fprintf(&b, "ask %s: %s\n", a.Kind, a.Text)
	}
	for _, part := range p.Steps {
		for _, s := range part.Steps {
			fmt.Fprintf(&b, "step %s: %s\n", part.Name, s)
		}
	}
	for _, s := range p.Commit {
		fmt.Fprintf(&b, "commit: %s\n", s)
	}
	if b.Len() == 0 {
		return "nothing to do\n"
	}
	return b.String()
}

// changedLines are the lines of a diff that differ, and what is said of them; none
// of a file that is new as a whole.
func changedLines(diff string) (out []string) {
	fresh := true
	for line := range strings.Lines(diff) {
		header := strings.HasPrefix(line, "--- ") || strings.HasPrefix(line, "+++ ")
		if header || !strings.ContainsAny(line[:1], "+-(") {
			continue
		}
		out = append(out, strings.TrimSuffix(line, "\n"))
		fresh = fresh && line[0] == '+'
	}
	if fresh && strings.Contains(diff, "@@ -0,0 ") {
		return nil
	}
	return out
}

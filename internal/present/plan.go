package present

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/marketcalls/openalgo-install/internal/plan"
	"github.com/marketcalls/openalgo-install/internal/printable"
	"github.com/marketcalls/openalgo-install/internal/sizing"
)

// Plan prints a plan for a person, each file with its diff.
func Plan(w io.Writer, p *plan.Plan) {
	Asking(w, p)
	confirmed(w, p)
}

// Summary prints a plan without the diffs.
func Summary(w io.Writer, p *plan.Plan) {
	writePlan(w, p, false)
	confirmed(w, p)
}

// confirmed prints what a plan asks.
func confirmed(w io.Writer, p *plan.Plan) {
	w = Folded(w)
	if len(p.Asks) > 0 && p.Removal == nil {
		fmt.Fprintln(w, "\nConfirm:")
		for _, ask := range p.Asks {
			fmt.Fprintf(w, "  - %s\n", printable.Line(ask.Text))
		}
	}
}

// Asking prints a plan for a person who is asked about it next.
func Asking(w io.Writer, p *plan.Plan) { writePlan(w, p, true) }

func writePlan(w io.Writer, p *plan.Plan, diffs bool) {
	w = Folded(w)
	if p.Removal != nil {
		writeRemoval(w, p)
		return
	}
	if p.Empty() {
		fmt.Fprintln(w, "Nothing to do.")
	} else {
		fmt.Fprintln(w, "Plan:")
	}
	for _, c := range p.Changes {
		fmt.Fprintf(w, "  %-8s  %-9s  %s\n            %s\n", c.Action, c.Kind, printable.Line(c.Name), printable.Line(c.Reason))
		if !diffs {
			continue
		}
		for line := range strings.Lines(c.Diff) {
			fmt.Fprintf(w, "            | %s", printable.Text(line))
		}
	}
	if len(p.Settings) > 0 {
		fmt.Fprintln(w)
		Settings(w, p)
	}
	if p.Sizes() {
		source := "" // this machine's
		switch p.Sizing.Source {
		case sizing.SourceEngine:
			source = ", as Docker reports"
		case sizing.SourceFlag:
			source = ", as you said"
		case sizing.SourceHost:
		}
		fmt.Fprintf(w, "\nSizing for %s%s: %s, strategies: %s\n", p.Sizing.Of(), source, p.Sizing.Values(), p.Sizing.Strategies)
	}
	// The question that is asked while a market is open says how long that is.
	if p.Downtime != nil && !slices.ContainsFunc(p.Asks, func(ask plan.Ask) bool { return ask.Kind == plan.AskMarket }) {
		fmt.Fprintf(w, "\nDowntime: %s\n", p.Downtime.Text)
	}
	if len(p.Warnings) > 0 {
		fmt.Fprintln(w, "\nWarnings:")
	}
	for _, text := range p.Warnings {
		fmt.Fprintf(w, "  - %s\n", printable.Text(text))
	}
}

// Settings prints the seven values: where each stands, and what becomes
// of it.
func Settings(w io.Writer, p *plan.Plan) {
	if len(p.Settings) == 0 {
		return
	}
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, "  setting\tin .env\trunning\tneeded\t")
	dash := func(value string) string {
		if value == "" {
			return "-"
		}
		return printable.Line(value)
	}
	var reasons []string // each once, so that the table is narrow
	for _, l := range p.Settings {
		fmt.Fprintf(tw, "  %s\t%s\t%s\t%s\t%s\n", l.Key, dash(l.Env), dash(l.Container), l.Due, printable.Line(l.Action))
		if reason := printable.Line(l.Action + ": " + l.Reason); l.Reason != "correct" && !slices.Contains(reasons, reason) {
			reasons = append(reasons, reason)
		}
	}
	_ = tw.Flush()
	for _, reason := range reasons {
		fmt.Fprintf(w, "  %s\n", reason)
	}
}

package sizing

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/marketcalls/openalgo-install/internal/printable"
)

// WriteTable prints the whole table with the row of here marked by ">", and
// below it what here gets and whose figures those are. Write errors are
// dropped, as fmt.Print's are: w is a terminal or a buffer.
func WriteTable(w io.Writer, here Sizing) {
	var out strings.Builder
	tw := tabwriter.NewWriter(&out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, "  RAM, MiB\tfor\tthreads\tstrategy memory\tshm\tstrategies")
	for i, r := range table {
		mark := " "
		if i == rowFor(here.RAMMiB) {
			mark = ">"
		}
		fmt.Fprintf(tw, "%s %s\t%s\t%s\t%s\t%s\t%s\n",
			mark, ramRange(i), r.Name, r.threads(), printable.MiB(r.StrategyMemoryMiB), printable.MiB(r.ShmMiB), r.Strategies)
	}
	tw.Flush()

	fmt.Fprintf(&out, "\n%s\n", here.origin())
	if shared := here.Shared(); shared != "" {
		fmt.Fprintf(&out, "%s.\n", shared)
	}
	fmt.Fprintf(&out, "OpenAlgo gets %s. That is enough for %s strategies.\n",
		here.Values(), here.Strategies)
	fmt.Fprint(w, out.String())
}

// ramRange says in words how much RAM a row is for.
func ramRange(i int) string {
	switch {
	case i == 0:
		return fmt.Sprintf("under %d", table[1].FromMiB)
	case i == len(table)-1:
		return fmt.Sprintf("%d and up", table[i].FromMiB)
	default:
		return fmt.Sprintf("%d to %d", table[i].FromMiB, table[i+1].FromMiB-1)
	}
}

func (r Row) threads() string {
	if r.UpToCores {
		return fmt.Sprintf("one a core, up to %d", r.ThreadsMax)
	}
	return fmt.Sprint(r.ThreadsMax)
}

// origin says what machine s is for and who told its RAM and cores.
func (s Sizing) origin() string {
	have := fmt.Sprintf("%s of RAM and %s", printable.MiB(s.RAMMiB), printable.Count(s.Cores, "core"))
	if s.Instances > 1 {
		have = fmt.Sprintf("%s for each of %d instances", have, s.Instances)
	}
	switch s.Source {
	case SourceEngine:
		return "Docker's machine has " + have + ", as Docker reports."
	case SourceFlag:
		return "The machine that you named has " + have + "."
	default:
		return "This machine has " + have + ", as its kernel and cgroup limits report."
	}
}

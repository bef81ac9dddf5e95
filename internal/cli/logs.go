package cli

import (
	"context"
	"fmt"
	"io"
	"regexp"
	"time"

	"github.com/spf13/cobra"

	"github.com/marketcalls/openalgo-install/internal/inside"
	"github.com/marketcalls/openalgo-install/internal/market"
	"github.com/marketcalls/openalgo-install/internal/ops"
)

func init() { register(newLogs) }

type logsCommand struct {
	*app
	inside.LogOptions
	since, grep string
}

func newLogs(a *app) *cobra.Command {
	c := &logsCommand{app: a}
	cmd := &cobra.Command{
		Use:   "logs",
		Short: "Show OpenAlgo's log, without secrets",
		Long: `Show the last lines of OpenAlgo's log, without secrets.

--since needs a duration (30m, 2h), a time today in IST (09:15), or a date and
time (2026-11-26 09:15). --grep shows lines that match a regular expression. It
searches the whole log, unless you add --tail or --since.`,
		Example: `  openalgo-install logs -f
  openalgo-install logs --since 09:15 --timestamps
  openalgo-install logs --grep 'ERROR|CRITICAL'`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.run(cmd.Context(), cmd.Flags().Changed("tail"))
		},
	}
	clusterFlags(cmd, a)
	f := cmd.Flags()
	f.BoolVarP(&c.Follow, "follow", "f", false, "keep printing new lines")
	f.IntVarP(&c.Tail, "tail", "n", 100, "number of lines to show, from the end; 0 shows all")
	f.StringVar(&c.since, "since", "", "show lines from this time on: 30m, 09:15 or '2026-11-26 09:15' (IST)")
	f.BoolVarP(&c.Timestamps, "timestamps", "t", false, "show when each line was written (IST)")
	f.StringVar(&c.grep, "grep", "", "show the lines that match this regular expression")
	return cmd
}

func (c *logsCommand) run(ctx context.Context, tailGiven bool) (err error) {
	if c.Tail < 0 {
		return usage("--tail: %d is not a number of lines; 0 shows all", c.Tail)
	}
	if c.grep != "" {
		if c.Match, err = regexp.Compile(c.grep); err != nil {
			return usage("--grep: %q is not a regular expression (%v)", c.grep, err)
		}
	}
	if c.since != "" {
		if c.Since, err = sinceTime(c.since, time.Now()); err != nil {
			return err
		}
	}
	if !tailGiven && (c.grep != "" || c.since != "") {
		c.Tail = 0
	}
	if c.target != "" {
		return c.ofCluster(ctx)
	}
	out := &counted{to: c.stdout}
	err = c.look(ctx, func(s *ops.Session) error { return inside.Logs(ctx, s, c.LogOptions, out) })
	if err == nil && c.Match != nil && out.bytes == 0 {
		fmt.Fprintf(c.stderr, "No line matches %q.\n", c.grep)
	}
	return err
}

// counted counts what is written.
type counted struct {
	to    io.Writer
	bytes int
}

func (c *counted) Write(text []byte) (int, error) {
	n, err := c.to.Write(text)
	c.bytes += n
	return n, err
}

// sinceTime reads --since. A time that is still to come today was meant of yesterday.
func sinceTime(text string, now time.Time) (time.Time, error) {
	if ago, err := time.ParseDuration(text); err == nil && ago >= 0 {
		return now.Add(-ago), nil
	}
	now = now.In(market.IST)
	if clock, err := time.ParseInLocation("15:04", text, market.IST); err == nil {
		at := time.Date(now.Year(), now.Month(), now.Day(), clock.Hour(), clock.Minute(), 0, 0, market.IST)
		if at.After(now) {
			at = at.AddDate(0, 0, -1)
		}
		return at, nil
	}
	for _, form := range []string{"2006-01-02 15:04", "2006-01-02", time.RFC3339} {
		if at, err := time.ParseInLocation(form, text, market.IST); err == nil {
			return at, nil
		}
	}
	return time.Time{}, usage("--since: %q is not a time. Write a duration (30m, 2h), a time (09:15) or a date and time ('2026-11-26 09:15'), in IST", text)
}

package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/marketcalls/openalgo-install/internal/draft"
	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/later"
	"github.com/marketcalls/openalgo-install/internal/ops"
	"github.com/marketcalls/openalgo-install/internal/plan"
	"github.com/marketcalls/openalgo-install/internal/present"
)

// askName is what a bare --purge stands for: the name is typed at a question.
const askName = "?"

func init() { register(newUninstall) }

type uninstallCommand struct {
	*app
	changeOptions
	purge     string
	leftovers bool
}

func newUninstall(a *app) *cobra.Command {
	c := &uninstallCommand{app: a}
	cmd := &cobra.Command{
		Use:   "uninstall",
		Short: "Remove OpenAlgo, and keep your data and encryption keys",
		Long: `Remove OpenAlgo's container and network. Without --purge your data and
encryption keys stay, and a new install uses them again.

With --purge everything is deleted for good. openalgo-install asks for the
instance's name. Without a terminal, add --yes --purge=NAME.

install-docker.sh and other installers leave files on this machine for the
instance (helper scripts, its nginx site, cron jobs). openalgo-install lists
them. --leftovers removes them, and keeps copies in .openalgo-install/backups
unless you add --purge.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.run(cmd.Context()) },
	}
	cmd.Flags().StringVar(&c.purge, "purge", "", "delete volumes and .env for good; NAME is the instance's name")
	cmd.Flags().Lookup("purge").NoOptDefVal = askName
	nowFlag(cmd, &c.now)
	cmd.Flags().BoolVar(&c.leftovers, "leftovers", false, "also remove files that another installer left on this machine")
	cmd.Flags().BoolVar(&c.dryRun, "dry-run", false, "print the plan and change nothing")
	return cmd
}

func (c *uninstallCommand) run(ctx context.Context) error {
	if c.purge != "" && !c.dryRun {
		draft.Sweep()
	}
	return c.with(ctx, c.changeOptions, func(s *ops.Session, out *presenter) error {
		s.Confirm = c.approveRemoval
		removal := ops.Uninstall(ops.RemovalOptions{Purge: c.purge != "", Leftovers: c.leftovers})
		removal.Ended = func(s *ops.Session, r event.Result, err error) {
			if err == nil && r.Changed {
				endWatchOfNone(ctx, s)
				_, _ = later.RemoveUpgrades(ctx, string(s.Dir())) // its next run removes it, too
			}
		}
		return c.carry(ctx, s, out, c.changeOptions, removal)
	})
}

// approveRemoval asks what has to be asked, or takes the flags for an answer. shown says
// that a person has read what is removed for that.
func (c *uninstallCommand) approveRemoval(removal *plan.Plan) (shown bool, err error) {
	asks := c.unanswered(removal.Asks, c.yes)
	if len(asks) > 0 && !isTerminal(c.stdin) {
		return false, cannotAsk(asks, c.changeOptions)
	}
	if len(removal.Changes) == 0 {
		return false, nil
	}
	question := ""
	for _, ask := range asks {
		question = ask.Text
	}
	if question == "" && c.purge == "" && !c.yes && isTerminal(c.stdin) {
		question = "OpenAlgo stops and is removed. Its data and encryption keys stay"
	}
	if shown = question != "" || c.asksPurge(removal) && isTerminal(c.stdin); shown {
		present.Asking(c.stderr, removal)
	}
	if c.purge != "" {
		err = c.confirmPurge(removal)
	}
	if err == nil && question != "" {
		err = c.agree("\n" + question + ".")
	}
	return shown, err
}

// asksPurge reports whether the flags leave open that all data is deleted.
func (c *uninstallCommand) asksPurge(removal *plan.Plan) bool {
	return c.purge == askName || c.purge == removal.Project && !c.yes
}

// confirmPurge wants the instance's name, typed, or given with a yes.
func (c *uninstallCommand) confirmPurge(removal *plan.Plan) error {
	name := c.purge
	if name == askName {
		ok, err := c.confirm("\nAll data of this instance is deleted for good.", removal.Project)
		if err != nil {
			return usage("--purge deletes all data. Without a terminal, write --yes --purge=%s", removal.Project)
		}
		if !ok {
			return finding.Named(finding.Cancelled, "cancelled", "that is not the instance's name; nothing was changed")
		}
		return nil
	}
	switch {
	case name != removal.Project:
		return usage("--purge=%s is not this instance's name, which is %s; nothing was changed", name, removal.Project)
	case !c.yes && isTerminal(c.stdin):
		return c.agree("\nAll data of this instance is deleted for good.")
	case !c.yes:
		return usage("--purge=%s deletes all data. To confirm in advance, write --yes --purge=%s", name, name)
	}
	return nil
}

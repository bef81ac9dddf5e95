package cli

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/marketcalls/openalgo-install/internal/event"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/ops"
)

// askName is what a bare --purge stands for: the name is typed at a question.
const askName = "?"

func (a *app) uninstallCommand() *cobra.Command {
	var purge string
	var dryRun, leftovers, now bool
	cmd := &cobra.Command{
		Use:   "uninstall",
		Short: "Remove OpenAlgo's container; volumes and .env stay",
		Long: `Remove OpenAlgo's container and network. The volumes with its data and the
.env with the keys that open them stay, and a new install goes on with them.

--purge removes those too. It asks for the instance's name, or takes it:
--yes --purge=NAME.

What install-docker.sh or another installer left on the host for this OpenAlgo
(helper scripts, its nginx site, cron jobs) is listed; --leftovers removes it,
with copies in .openalgo-install/backups unless that goes, too.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			out := a.presenter()
			in, done, err := a.session(cmd.Context(), out)
			if err != nil {
				return out.end(event.Result{}, hintDocker(err))
			}
			defer done()
			removal, err := in.PlanUninstall(cmd.Context(), ops.RemovalOptions{Purge: purge != "", Leftovers: leftovers})
			if err != nil {
				return out.end(event.Result{}, err)
			}
			if dryRun {
				return a.showRemoval(removal)
			}
			if asks := a.unanswered(removal.Asks, now); len(asks) > 0 && !isTerminal(a.stdin) {
				return out.end(event.Result{}, cannotAsk(asks, nowWay))
			}
			if purge != "" && len(removal.Changes) > 0 {
				if err := a.confirmPurge(removal, purge); err != nil {
					return out.end(event.Result{}, err)
				}
			}
			if purge == "" || len(a.unanswered(removal.Asks, now)) > 0 {
				if err := a.confirmRemoval(removal, now); err != nil {
					return out.end(event.Result{}, err)
				}
			}
			result, err := in.Uninstall(cmd.Context(), removal)
			return out.end(result, err)
		},
	}
	cmd.Flags().StringVar(&purge, "purge", "", "also delete volumes and .env; NAME is the instance's name")
	cmd.Flags().Lookup("purge").NoOptDefVal = askName
	nowFlag(cmd, &now)
	cmd.Flags().BoolVar(&leftovers, "leftovers", false, "also remove what another installer left on the host for it")
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "print what would be removed and change nothing")
	return cmd
}

// confirmRemoval shows a person what is removed. A script needs no answer,
// unless a market is open.
func (a *app) confirmRemoval(removal *ops.Removal, now bool) error {
	asks := a.unanswered(removal.Asks, now)
	if a.yes && len(asks) == 0 || len(removal.Changes) == 0 || !isTerminal(a.stdin) {
		return nil
	}
	a.writeRemoval(a.stderr, removal)
	question := "OpenAlgo stops and is removed. Its data and encryption keys stay"
	for _, ask := range asks {
		question = ask.Text
	}
	return a.agree("\n" + question + ".")
}

// confirmPurge wants the instance's name, typed, or given with --yes.
func (a *app) confirmPurge(removal *ops.Removal, name string) error {
	if name == askName {
		a.writeRemoval(a.stderr, removal)
		ok, err := a.confirm("All data of this OpenAlgo is deleted for good.", removal.Project)
		if err != nil {
			return usage("--purge deletes all data; without a terminal write --yes --purge=%s", removal.Project)
		}
		if !ok {
			return &finding.Error{Kind: finding.Cancelled, Err: fmt.Errorf("that is not the name; nothing was changed")}
		}
		return nil
	}
	switch {
	case name != removal.Project:
		return usage("--purge=%s is not this instance's name, which is %s; nothing was changed", name, removal.Project)
	case !a.yes:
		return usage("--purge=%s deletes all data; write --yes --purge=%s if that is meant", name, name)
	}
	return nil
}

func (a *app) writeRemoval(w io.Writer, removal *ops.Removal) {
	for _, c := range removal.Changes {
		fmt.Fprintf(w, "  %-8s  %-9s  %s (%s)\n", c.Action, c.Kind, c.Name, c.Reason)
	}
	for _, kept := range removal.Kept {
		fmt.Fprintf(w, "  keep      %s\n", kept)
	}
	for _, warning := range removal.Warnings {
		fmt.Fprintf(w, "  WARN      %s\n", warning)
	}
}

func (a *app) showRemoval(removal *ops.Removal) error {
	if a.json {
		return a.writeJSON(removal)
	}
	a.writeRemoval(a.stdout, removal)
	if len(removal.Changes) == 0 {
		fmt.Fprintln(a.stdout, "Nothing to do.")
	}
	fmt.Fprintln(a.stdout, "\nDry run: nothing was changed.")
	return nil
}

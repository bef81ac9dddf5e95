package cli

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/marketcalls/openalgo-install/internal/backup"
	"github.com/marketcalls/openalgo-install/internal/dashboard"
	"github.com/marketcalls/openalgo-install/internal/elsewhere/known"
	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/later"
	"github.com/marketcalls/openalgo-install/internal/market"
	"github.com/marketcalls/openalgo-install/internal/notify"
	"github.com/marketcalls/openalgo-install/internal/notify/target"
	"github.com/marketcalls/openalgo-install/internal/watch"
)

// messagesPanel is the watch of this machine, and where it tells.
func messagesPanel(ctx context.Context) dashboard.Panel {
	states, err := notify.New(currentVersion()).States()
	return messagesOf(watch.Glance(ctx), states, err)
}

func messagesOf(g watch.Glanced, states []notify.State, err error) dashboard.Panel {
	p := dashboard.Panel{Title: "Messages", Rows: []dashboard.Row{{Label: "Watch", Text: g.String(), Bad: !g.On || g.Problem != ""}}}
	if g.On {
		text := "no message before the market opens"
		if g.PreOpen != "" {
			text = "on trading days at " + g.PreOpen + " IST you are told whether all is ready"
		}
		p.Rows = append(p.Rows, dashboard.Row{Label: "Before market", Text: text})
	}
	label := "Problems"
	for _, found := range g.Problems {
		p.Rows = append(p.Rows, dashboard.Row{Label: label, Text: found.Text + " (since " + market.Text(found.Since) + ")", Bad: true})
		label = ""
	}
	label = "Go to"
	switch {
	case err != nil:
		p.Rows = append(p.Rows, dashboard.Row{Label: label, Text: err.Error(), Bad: true})
	case len(states) == 0:
		p.Rows = append(p.Rows, dashboard.Row{Label: label, Text: "nowhere yet", Bad: true})
	}
	for _, s := range states {
		text := fmt.Sprintf("%s (%s, %s): %s", s.Name, s.Kind, s.Host, strings.Replace(lastMessage(s), "none", "no message yet", 1))
		if s.Fails() && s.Error != "" {
			text += ": " + s.Error
		}
		p.Rows = append(p.Rows, dashboard.Row{Label: label, Text: text, Bad: s.Fails()})
		label = ""
	}
	onOff := dashboard.Deed{Label: "Turn on the watch (recommended)", Args: []string{"watch", "on"}}
	if g.On {
		onOff = dashboard.Deed{Label: "Turn off the watch", Args: []string{"watch", "off"}}
	}
	p.Deeds = append(p.Deeds, onOff, dashboard.Deed{Label: "Add an address", Args: []string{"notify", "add"}, Asks: "Kind", Help: "Enter one of: " + target.Names() + "."})
	if len(states) > 0 {
		p.Deeds = append(p.Deeds, dashboard.Deed{Label: "Send a test message", Args: []string{"notify", "test"}},
			dashboard.Deed{Label: "Remove an address", Args: []string{"notify", "remove"}, Asks: "Name", Help: "Enter the name of the address, for example " + states[0].Name + "."})
	}
	return p
}

// backupsPanel is which backups the instance in dir has, when they are made and where.
func backupsPanel(ctx context.Context, dir string) dashboard.Panel {
	d := instance.Dir(dir)
	p := dashboard.Panel{Title: "Backups"}
	row := func(label, text, none string, bad bool) {
		p.Rows = append(p.Rows, dashboard.Row{Label: label, Text: cmp.Or(text, none), Bad: bad || text == ""})
	}
	last := backup.LoadLast(d)
	row("Last backup", last.Text(), "none yet", last != nil && !last.OK)
	away := known.LoadLast(d)
	row("In a store", away.Text(), "none: backups are on this machine only", away.Failed())
	for _, line := range away.Lines() {
		row("", line, "", away.Unproven || !away.ReadBack.OK)
	}
	daily, problem := later.LoadDaily(d), ""
	clock := ""
	if daily != nil {
		clock, problem = daily.Clock+" IST", later.DailyProblem(ctx, d, time.Now())
	}
	row("Every day", clock, "no backup is made automatically", false)
	if problem != "" {
		row("", problem, "", true)
	}
	list, err := backups(ctx, dir, storeFlags{}, "")
	slices.Reverse(list) // the newest first
	row("Directory", backup.Archives(d), "", false)
	label := "Backups there"
	switch {
	case err != nil:
		row(label, err.Error(), "", true)
	case len(list) == 0:
		row(label, "", "none", true)
	}
	for _, e := range list {
		row(label, fmt.Sprintf("%s  %s, %s", e.Name, backup.SizeText(e.Bytes), market.Text(e.At)), "", false)
		label = ""
	}
	p.Deeds = []dashboard.Deed{{Label: "Back up now", Key: "b"}, {Label: "Restore a backup", Key: "v"}, {Label: "List all backups", Args: []string{"backup", "list"}, Here: true}}
	if daily == nil {
		p.Deeds = append(p.Deeds, dashboard.Deed{Label: "Back up every day (recommended)", Args: []string{"backup", "--keep", "14", "--schedule"}, Here: true,
			Asks: "Time", Help: "Enter HH:MM in IST at which no market is open that you trade on, for example 02:30. 14 backups are kept on this machine. " +
				"For a store on another machine, see openalgo-install backup --help."})
	}
	return p
}

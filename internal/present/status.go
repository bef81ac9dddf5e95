package present

import (
	"fmt"
	"io"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/bytecode"
	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/printable"
	"github.com/marketcalls/openalgo-install/internal/status"
	"github.com/marketcalls/openalgo-install/internal/welcome"
)

// everywhere is where a command about no instance is typed.
var everywhere = finding.Prompt{Sudo: true}

// Status prints what instances are like for a person.
func Status(w io.Writer, s status.Status) {
	w = Folded(w)
	switch {
	case len(s.Instances) > 0:
	case s.Dir != "":
		fmt.Fprintf(w, "There is no OpenAlgo in %s. %s\n", printable.Line(s.Dir), everywhere.Hints([]finding.Hint{finding.Anywhere("To list all instances on this machine", "status")}))
	default:
		fmt.Fprintln(w, "There is no OpenAlgo on this machine. "+everywhere.Hints([]finding.Hint{finding.Anywhere("To install one")}))
	}
	for n, i := range s.Instances {
		if n > 0 {
			fmt.Fprintln(w)
		}
		row := func(name, value string) {
			if value != "" {
				fmt.Fprintf(w, "  %-10s %s\n", name, printable.Line(value))
			}
		}
		fmt.Fprintf(w, "%s  %s\n", printable.Line(i.Name), printable.Line(readiness(i)))
		row("note", i.Note)
		row("url", i.URL)
		row("tunnel", i.Tunnel)
		row("account", accountOf(i.Account))
		row("public ip", i.Address.Text())
		row("https", i.HTTPS.String())
		row("broker", i.Broker)
		if i.NoKey {
			for _, line := range noKey(i.Broker, i.Dir) {
				row("", line)
			}
		}
		row("version", i.Version)
		row("directory", i.Dir)
		row("container", strings.TrimSpace(i.Container+"  "+i.State))
		row("image", i.Image.Ref)
		row("", i.Image.Digest)
		row("ports", strings.Join(i.Ports, ", "))
		if f := i.Sizing.InForce; i.Container != "" {
			row("sizing", f.Values())
		}
		if d := i.Sizing.Due; i.Sizing.ResizeDue && i.Container != "" {
			row("resize", fmt.Sprintf("needed, to %s (for %s)", d.Values(), d.Of())+": "+finding.Command(i.Dir, "resize"))
		}
		row("code", codeOf(i.Bytecode))
		row("schedule", i.Schedule.Text(i.Dir))
		row("upgrades", i.AutoUpgrade)
		if i.LastDowntime != nil {
			row("downtime", "last "+i.LastDowntime.Text())
		}
		if i.Market != nil {
			row("market", i.Market.Text)
			row("", i.Market.Source)
		}
		kept(i, row)
	}
	for _, line := range s.Untold {
		fmt.Fprintf(w, "\nNote: %s. %s\n", printable.Line(line), everywhere.Hints([]finding.Hint{finding.Anywhere("To see why", "notify", "test")}))
	}
}

// kept prints what is kept of an instance: its backups and its volumes.
func kept(i status.Instance, row func(name, value string)) {
	row("backup", i.Backup.Text())
	row("", i.Elsewhere.Text())
	for _, line := range i.Elsewhere.Lines() {
		row("", line)
	}
	if i.BackupDaily != "" {
		row("", "every day at "+i.BackupDaily+" IST")
	}
	if i.BackupProblem != "" {
		row("", "FAILED: "+i.BackupProblem)
	}
	for _, v := range i.Volumes {
		size := "size unknown"
		if v.Bytes >= 0 {
			size = fmt.Sprintf("%.1f MiB", float64(v.Bytes)/(1<<20))
		}
		row("volume", fmt.Sprintf("%-32s %-16s %s", v.Name, v.Mount, size))
	}
	if i.Logs != nil {
		row("logs", i.Logs.String())
	}
}

// accountOf says how the admin account is made, while there is none.
func accountOf(a welcome.Account) string {
	switch {
	case !a.Link.Empty():
		if round := a.RoundGate(); round != "" {
			return "none yet. " + round + ". Create it now with this secret link: " + a.Link.Reveal()
		}
		return "none yet. The site is closed to others until you create it with this secret link: " + a.Link.Reveal()
	case a.Public != "":
		return "none yet. The first visitor becomes the admin. Open " + a.Public + " now and create the account"
	case a.Missing:
		return "none yet. Open the address above and create it"
	}
	return ""
}

// readiness says whether an instance is ready, or why not.
func readiness(i status.Instance) string {
	switch {
	case i.Starting:
		return "starting: " + i.Reason
	case !i.Ready:
		return "not ready: " + i.Reason
	}
	return "ready"
}

// codeOf says how far the bytecode of OpenAlgo's code is, unless it is there.
func codeOf(state bytecode.State) string {
	switch state {
	case bytecode.Building:
		return "compiling in the background, so that the next start is short"
	case bytecode.Absent:
		return "not compiled: the next start takes as long as the first"
	case bytecode.Ready:
	}
	return ""
}

// Glance is the state of an instance in a few lines.
func Glance(i status.Instance) string {
	state := i.Name + " is ready at " + i.URL
	if i.Starting {
		state = i.Name + " is starting: " + i.Reason
	} else if !i.Ready {
		state = i.Name + " is not ready: " + i.Reason
	}
	version := i.Image.Ref
	if i.Version != "" {
		version = i.Version + " from " + version
	}
	sizing := i.Sizing.InForce.Values()
	if due := i.Sizing.Due; i.Sizing.ResizeDue {
		sizing += "; resize needed: " + due.Values()
	}
	https := "none, this machine only"
	switch {
	case i.HTTPS != nil:
		https = i.HTTPS.String()
	case strings.HasPrefix(i.URL, "https:"):
		https = "by your own proxy or tunnel"
	}
	text := fmt.Sprintf("%s\nVersion: %s\nSizing:  %s\nHTTPS:   %s\n", state, version, sizing, https)
	if i.NoKey {
		text += "Broker:  " + strings.Join(noKey(i.Broker, i.Dir), "\n         ") + "\n"
	}
	if i.Tunnel != "" {
		text += "Tunnel:  run this on your own computer, then open " + i.URL + " there:\n  " + i.Tunnel + "\n"
	}
	return text
}

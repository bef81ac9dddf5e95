package dashboard

import (
	"slices"

	tea "github.com/charmbracelet/bubbletea"

	"github.com/marketcalls/openalgo-install/internal/live"
	"github.com/marketcalls/openalgo-install/internal/share"
)

// action is something to do with an instance, or with none.
type action struct {
	key   string
	word  string // in the footer
	label string // in the menu
	args  []string
	fits  func(live.Instance) bool // nil: always
	alone bool                     // it is for no instance
	// asks is a question whose answer the command needs; nil: none.
	asks *question
	do   func(hand) // in place of a command
	// opens is a page, which is looked for, in place of a command; about are the commands
	// that are chosen there.
	opens func(hand) tea.Cmd
	about []string
}

func isUp(i live.Instance) bool {
	return i.State == live.Ready || i.State == live.Starting || i.State == live.NotReady || i.State == live.Checking
}

func isDown(i live.Instance) bool { return !isUp(i) }

func isOurs(i live.Instance) bool { return i.Ours }

func isOursUp(i live.Instance) bool { return i.Ours && isUp(i) }

// hasCode reports whether a phone that reads the address gets to the instance.
func hasCode(i live.Instance) bool { return i.URL != "" && !share.OnlyHere(i.URL) }

func hasContainer(i live.Instance) bool { return i.ID != "" }

const restoreKey = "v"

// actions are all that can be done, in the order of the menu.
var actions = []action{
	{key: "l", word: "Log", label: "Show the log", fits: hasContainer, do: hand.openLog},
	{key: "b", word: "Backup", label: "Back up keys and databases", args: []string{"backup"}, fits: isOurs},
	{key: "u", word: "Upgrade", label: "Upgrade OpenAlgo", args: []string{"upgrade"}, fits: isOursUp},
	{key: "r", word: "Restart", label: "Restart OpenAlgo", args: []string{"restart"}, fits: isUp},
	{key: "s", word: "Stop", label: "Stop OpenAlgo", args: []string{"stop"}, fits: isUp},
	{key: "s", word: "Start", label: "Start OpenAlgo", args: []string{"start"}, fits: isDown},
	{key: "d", word: "Doctor", label: "Find problems and how to fix them", args: []string{"doctor"}},
	{key: "z", word: "Resize", label: "Fit OpenAlgo to RAM and cores", args: []string{"resize"}, fits: isUp},
	{key: "o", word: "Rollback", label: "Roll back to the release before the last upgrade", args: []string{"rollback"}, fits: isOurs},
	{key: "e", word: "Set", label: "Change a setting", args: []string{"set"}, fits: isOurs, asks: &question{
		text: "Setting", help: "Enter the name of the setting, for example LOG_LEVEL. Next you enter the value, which is not shown."}},
	{key: "m", word: "Domain", label: "Change the domain", args: []string{"domain"}, fits: isOurs, asks: &question{
		text: "Domain", help: "Enter the new domain, for example algo.example.com."}},
	{key: "w", word: "Answers", label: "Change your answers", fits: isOurs, do: hand.changeAnswers},
	{key: "M", word: "Messages", label: "Messages: the watch, and where they go", alone: true, opens: openMessages, about: []string{"watch", "notify"}},
	{key: "B", word: "Backups", label: "Backups: which there are, when and where", fits: isOurs, opens: openBackups},
	{key: restoreKey, word: "Restore", label: "Restore a backup", args: []string{"restore"}, asks: &question{
		text: "Backup", help: "Enter the backup file, for example /opt/openalgo-backups/openalgo-20261124-023000.tar.zst. " +
			"The backup replaces keys and data of this instance."}},
	{key: "i", word: "Status", label: "Show state, sizing and backups", args: []string{"status"}},
	{key: "p", word: "Adopt", label: "Adopt: let openalgo-install manage this instance", args: []string{"adopt"}, fits: func(i live.Instance) bool { return !i.Ours && isUp(i) }},
	{key: "c", word: "Clean", label: "Remove unused images and copies", args: []string{"clean"}, fits: isOurs},
	{key: "x", word: "Uninstall", label: "Uninstall: remove the container; keep data and keys", args: []string{"uninstall"}},
	{key: "n", word: "New", label: "Install another instance", alone: true, do: hand.newInstance},
	{key: "g", word: "Update", label: "Update openalgo-install", args: []string{"self-update"}, alone: true},
	{key: "y", word: "Copy", label: "Copy an address", do: hand.openCopy},
	{key: "Q", word: "QR code", label: "Show the address as a QR code", fits: hasCode, do: hand.openCode},
}

// possible are the actions for the chosen instance.
func (m *model) possible() (out []action) {
	i := m.current()
	for _, a := range actions {
		if a.alone || i != nil && (a.fits == nil || a.fits(*i)) {
			out = append(out, a)
		}
	}
	return out
}

// actionOf is the action of a key; nil: there is none now.
func (m *model) actionOf(key string) *action {
	all := m.possible()
	if n := slices.IndexFunc(all, func(a action) bool { return a.key == key }); n >= 0 {
		return &all[n]
	}
	return nil
}

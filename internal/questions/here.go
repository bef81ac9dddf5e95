package questions

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/printable"
)

// Here is what this machine decides about the questions and their presets.
type Here struct {
	// Ports are those that the instance gets where nobody names any. Every page shows
	// these.
	Ports answers.Ports
	// Address is the public one that brokers see; "" is not known.
	Address string
	// SmallMiB is the RAM of a machine that has too little and no swap, and can be
	// given a swap file; 0 is any other.
	SmallMiB int
}

const (
	keyWeb    = "ports.web"
	keySocket = "ports.websocket"
	// KeySwap is the answer that asks for a swap file.
	KeySwap = "swap"
)

// RedirectTitle is that of the page with the redirect URL.
const RedirectTitle = "Redirect URL"

// SwapSize is the swap file that is offered.
const SwapSize = "2GB"

// open are the ports where nobody names any; before the machine was looked at, the
// usual ones.
func (h Here) open() answers.Ports {
	if h.Ports == (answers.Ports{}) {
		return answers.Open()
	}
	return h.Ports
}

// portsOf are those of the instance, as far as it is known.
func portsOf(d *Draft) answers.Ports {
	p := d.Here.open()
	if d.Advanced() {
		p.Web, p.WebSocket = number(d.Get(keyWeb), p.Web), number(d.Get(keySocket), p.WebSocket)
	}
	return p
}

func number(text string, otherwise int) int {
	if n, err := strconv.Atoi(text); err == nil {
		return n
	}
	return otherwise
}

// presetOf is what an empty answer stands for on this machine.
func presetOf(d *Draft, q Question) string {
	switch q.Key {
	case keyWeb:
		return strconv.Itoa(d.Here.open().Web)
	case keySocket:
		return strconv.Itoa(d.Here.open().WebSocket)
	}
	return q.Preset
}

func domainHelp(d *Draft) string {
	return fmt.Sprintf("The name that browsers use, for example algo.example.com. Optional. "+
		"Without a domain you reach OpenAlgo on this machine at %s, or from your own computer through an SSH tunnel.", answers.Answers{Ports: portsOf(d)}.Origin())
}

// meant is the value of a text that says it in another way.
func meant(q Question, text string) string {
	if q.Key != KeySwap {
		return text
	}
	switch strings.ToLower(text) {
	case "y", "yes":
		return SwapSize
	case "n", "no":
		return "none"
	}
	return text
}

func lacksMemory(d *Draft) bool { return d.Here.SmallMiB > 0 }

// memoryScreen asks whether a machine that needs swap gets it.
func memoryScreen() Screen {
	return Screen{Title: "Memory", Shown: lacksMemory,
		Intro: func(d *Draft) string {
			return fmt.Sprintf("This machine has %s of RAM and no swap. When memory runs out for a moment, Linux kills OpenAlgo or a strategy.", printable.MiB(d.Here.SmallMiB))
		},
		Questions: []Question{{Key: KeySwap, Shown: Always, Preset: SwapSize, Label: Fixed("Make a swap file of 2 GiB?"),
			Help: Fixed("It takes 2 GiB of disk space, and works at once and after each restart."),
			Choices: func() []Choice {
				return []Choice{{Value: SwapSize, Label: "Make a swap file (recommended)"}, {Value: "none", Label: "Go on without swap"}}
			}}}}
}

// Resume takes the answers of an interview that was cut off, as far as there are
// questions for them, and returns the number of the first screen that has none.
func (d *Draft) Resume(given map[string]string) int {
	for _, s := range Screens {
		for _, q := range s.Questions {
			if text, ok := given[q.Key]; ok {
				d.Given[q.Key] = text
			}
		}
	}
	for n, s := range Screens {
		for _, q := range s.Questions {
			if _, answered := d.Given[q.Key]; s.Shown(d) && q.Shown(d) && !answered {
				return n
			}
		}
	}
	return len(Screens)
}

// Package wizard asks a person for the answers of an install. What is asked,
// in which words and what a right value is stands here once; the values are
// checked by the same code that reads an answers file.
package wizard

import (
	"fmt"
	"maps"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/broker"
)

// question is one thing to be asked.
type question struct {
	key    string // of the answers file, e.g. "broker.name"
	label  func(*draft) string
	help   func(*draft) string
	preset string // what an empty line stands for
	secret bool
	shown  func(*draft) bool
}

// draft is the answers as far as they have been given: the text of each, by
// key.
type draft struct{ given map[string]string }

func (d *draft) get(key string) string { return d.given[key] }

func (d *draft) broker() broker.Broker {
	b, _ := broker.Find(d.get("broker.name"))
	return b
}

func fixed(text string) func(*draft) string { return func(*draft) string { return text } }

func always(*draft) bool { return true }

func (d *draft) advanced() bool { return isYes(d.get(keyAdvanced)) }

// keyAdvanced opens the door to the questions that few people need; it is no
// answer itself.
const keyAdvanced = "advanced"

// questions are in the order in which they are asked.
var questions = []question{
	{key: "domain", shown: always,
		label: fixed("Domain"),
		help: fixed("The name under which browsers reach OpenAlgo, for example algo.example.com.\n" +
			"Leave it empty to use it on this machine only. This release sets up no HTTPS:\n" +
			"with a domain, your own proxy must serve it.")},
	{key: "broker.name", shown: always,
		label: fixed("Broker"),
		help: func(*draft) string {
			return "One of:\n" + columns(broker.IDs(), 76)
		}},
	{key: "broker.api_key", shown: always, secret: true,
		label: func(d *draft) string { return d.broker().KeyLabel },
		help:  func(d *draft) string { return d.broker().KeyHint }},
	{key: "broker.api_secret", shown: always, secret: true,
		label: func(d *draft) string { return d.broker().SecretLabel },
		help: func(d *draft) string {
			if d.broker().SecretOptional {
				return strings.TrimSpace(d.broker().SecretHint + "\nIt may be left empty.")
			}
			return d.broker().SecretHint
		}},
	{key: "broker.market_api_key", secret: true, shown: needsMarketData,
		label: fixed("API key for market data"), help: fixed("This broker has a second pair of credentials, for prices.")},
	{key: "broker.market_api_secret", secret: true, shown: needsMarketData,
		label: fixed("API secret for market data"), help: fixed("")},
	{key: keyAdvanced, shown: always, preset: "no",
		label: fixed("Change image, ports or sizing?"), help: fixed("The defaults fit most hosts.")},
	{key: "image", shown: (*draft).advanced, preset: answers.DefaultImage,
		label: fixed("Image"), help: fixed("Write rehearsal for the built-in stand-in app, which tries this host without a download.")},
	{key: "ports.web", shown: (*draft).advanced, preset: "5000",
		label: fixed("Port of the web interface"), help: fixed("")},
	{key: "ports.websocket", shown: (*draft).advanced, preset: "8765",
		label: fixed("Port of the WebSocket"), help: fixed("")},
	{key: "sizing.threads", shown: (*draft).advanced, preset: "auto",
		label: fixed("Threads"), help: fixed("Of the numeric libraries. auto takes the table's (openalgo-install size).")},
	{key: "sizing.shm_size", shown: (*draft).advanced, preset: "auto",
		label: fixed("Shared memory"), help: fixed("For example 512m.")},
	{key: "sizing.strategy_memory_mb", shown: (*draft).advanced, preset: "auto",
		label: fixed("Memory of a strategy, MB"), help: fixed("512 or more where strategies use pandas.")},
	{key: "remote_mcp.enabled", preset: "no",
		shown: func(d *draft) bool { return d.advanced() && d.get("domain") != "" }, // it needs HTTPS
		label: fixed("Let AI clients on the internet read this OpenAlgo (Remote MCP)?"), help: fixed("They sign in, and you approve each. Placing orders stays off.")},
}

func needsMarketData(d *draft) bool { return d.broker().NeedsMarketData() }

func isYes(text string) bool {
	switch strings.ToLower(strings.TrimSpace(text)) {
	case "y", "yes":
		return true
	}
	return false
}

// problem says what is wrong with the answer to one question; "" when nothing
// is. Other questions may still be open.
func (d *draft) problem(q question) string {
	text := d.get(q.key)
	if q.key == keyAdvanced || q.key == "remote_mcp.enabled" {
		switch strings.ToLower(text) {
		case "y", "yes", "n", "no":
		default:
			return "answer yes or no"
		}
	}
	if q.key == "broker.name" && text == "" {
		return "a broker is needed: without one OpenAlgo does not start"
	}
	_, problems := d.answers()
	for _, p := range problems {
		if p.Key == q.key || strings.HasPrefix(p.Key, q.key+".") {
			return p.Message
		}
	}
	return ""
}

// answers reads the draft as the answers file that it stands for.
func (d *draft) answers() (answers.Answers, []answers.Problem) {
	text, err := d.yaml(false)
	if err != nil {
		return answers.Answers{}, []answers.Problem{{Message: err.Error()}}
	}
	return answers.Parse(text, answers.Lookup{})
}

// secretNames are the environment variables that a saved file without secrets
// takes them from.
var secretNames = map[string]string{
	"broker.api_key": "BROKER_API_KEY", "broker.api_secret": "BROKER_API_SECRET",
	"broker.market_api_key": "BROKER_API_KEY_MARKET", "broker.market_api_secret": "BROKER_API_SECRET_MARKET",
}

// yaml writes the draft as an answers file, its secrets in plain or as
// references to environment variables.
func (d *draft) yaml(references bool) ([]byte, error) {
	doc := map[string]any{"version": 1}
	section := func(name string) map[string]any {
		if doc[name] == nil {
			doc[name] = map[string]any{}
		}
		return doc[name].(map[string]any)
	}
	for key, text := range maps.All(d.given) {
		name, sub, nested := strings.Cut(key, ".")
		switch {
		case key == keyAdvanced || text == "" && !strings.HasPrefix(key, "broker."):
		case key == "image" && text == "rehearsal":
			doc["image"] = map[string]any{"source": "rehearsal"}
		case key == "image":
			doc["image"] = map[string]any{"source": "registry", "ref": text}
		case key == "remote_mcp.enabled":
			section(name)[sub] = isYes(text)
		case secretNames[key] != "" && references && text != "":
			section(name)[sub] = map[string]any{"env": secretNames[key]}
		case nested && (name == "ports" || name == "sizing"):
			section(name)[sub] = number(text)
		case nested:
			section(name)[sub] = text
		default:
			doc[key] = text
		}
	}
	if d.get("domain") != "" {
		doc["tls"] = map[string]any{"mode": "off"}
	}
	text, err := yaml.Marshal(doc)
	if err != nil {
		return nil, fmt.Errorf("writing the answers: %w", err)
	}
	return text, nil
}

// number is a whole number as YAML has it; any other text stays text, and the
// reader says what is wrong with it.
func number(text string) any {
	var n int
	if err := yaml.Unmarshal([]byte(text), &n); err == nil && fmt.Sprint(n) == text {
		return n
	}
	return text
}

// columns sets words into lines of at most width characters.
func columns(words []string, width int) string {
	var out strings.Builder
	at := 0
	for i, w := range words {
		if i > 0 {
			w = " " + w
		}
		if at+len(w) > width {
			out.WriteString("\n")
			w, at = strings.TrimSpace(w), 0
		}
		out.WriteString(w)
		at += len(w)
	}
	return out.String()
}

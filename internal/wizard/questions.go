// Package wizard asks a person for the answers of an install, on full screens
// or in plain lines. What is asked, in which words and what a right value is
// stands here once for both; the values are checked by the same code that reads
// an answers file, and what is done with them is what --answers does.
package wizard

import (
	"fmt"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/broker"
)

// screen is what is asked together.
type screen struct {
	title     string
	shown     func(*draft) bool
	intro     func(*draft) string // what is to be read first; may be empty
	questions []question          // none: it is to be read, and to be done
}

// question is one thing to be asked.
type question struct {
	key     string // of the answers file, e.g. "broker.name"
	label   func(*draft) string
	help    func(*draft) string
	preset  string // what an empty answer stands for
	secret  bool
	choices func() []choice // nil: any text
	shown   func(*draft) bool
}

// choice is one of the answers that a question allows.
type choice struct {
	value, label string
	kind         string // what sets it apart; most have none
}

// Keys of the draft that are no answers themselves, or are written another way.
const (
	keyAdvanced = "advanced"
	keyDomain   = "domain"
	keyBroker   = "broker.name"
	keyMCP      = "remote_mcp.enabled"
	keyTLS      = "tls.mode"
	keyCertbot  = "tls.certbot"
)

// screens are in the order in which they are shown.
var screens = []screen{
	{title: "Where it will be reached", shown: always, intro: fixed(""), questions: []question{
		{key: keyDomain, shown: always, label: fixed("Domain"),
			help: fixed("The name under which browsers reach OpenAlgo, for example algo.example.com. Leave it empty to use it on this machine only, or through an SSH tunnel.")},
	}},
	{title: "HTTPS", shown: hasDomain, intro: fixed("Browsers and brokers reach a domain over https alone."),
		questions: []question{
			{key: keyTLS, shown: always, preset: "auto", label: fixed("HTTPS is done by"), help: fixed(""),
				choices: func() []choice {
					return []choice{
						{value: "auto", label: "A certificate from Let's Encrypt, renewed by itself"},
						{value: "files", label: "A certificate that I have"},
						{value: "nginx", label: "The nginx of this machine"},
						{value: "off", label: "My own proxy or tunnel"},
					}
				}},
			{key: keyCertbot, shown: tlsIs("nginx"), preset: "yes", choices: yesNo,
				label: fixed("Let certbot get the certificate?"), help: fixed("It must be on this machine (apt-get install certbot).")},
			{key: "tls.email", shown: asksAuthority, label: fixed("E-mail"),
				help: fixed("The authority writes there when a certificate is about to expire. It may be left empty.")},
			{key: "tls.cert", shown: hasCertificate, label: fixed("Certificate"),
				help: fixed("The PEM file with the whole chain, for example /etc/ssl/algo.pem.")},
			{key: "tls.key", shown: hasCertificate, label: fixed("Its key"), help: fixed("The PEM file, for example /etc/ssl/algo.key.")},
		}},
	{title: "Broker", shown: always, intro: fixed(""), questions: []question{
		{key: keyBroker, shown: always, label: fixed("Broker"), help: fixed("Type a part of its name."), choices: brokerChoices},
	}},
	{title: "Redirect URL", shown: always, intro: redirectText},
	{title: "Credentials", shown: always, intro: fixed(""), questions: []question{
		{key: "broker.api_key", shown: always, secret: true,
			label: func(d *draft) string { return d.broker().KeyLabel },
			help:  func(d *draft) string { return d.broker().KeyHint }},
		{key: "broker.api_secret", shown: always, secret: true,
			label: func(d *draft) string { return d.broker().SecretLabel },
			help: func(d *draft) string {
				if d.broker().SecretOptional {
					return strings.TrimSpace(d.broker().SecretHint + " It may be left empty.")
				}
				return d.broker().SecretHint
			}},
		{key: "broker.market_api_key", secret: true, shown: needsMarketData,
			label: fixed("API key for market data"), help: fixed("This broker has a second pair of credentials, for prices.")},
		{key: "broker.market_api_secret", secret: true, shown: needsMarketData,
			label: fixed("API secret for market data"), help: fixed("")},
	}},
	{title: "Options", shown: always, intro: fixed(""), questions: []question{
		{key: keyAdvanced, shown: always, preset: "no", choices: noYes,
			label: fixed("Change image, ports or sizing?"), help: fixed("The defaults fit most hosts.")},
		{key: "image", shown: (*draft).advanced, preset: answers.DefaultImage,
			label: fixed("Image"), help: fixed("An image's name; or source code to build it from, a git address (with #branch, if need be) or a directory of this machine; " +
				"or rehearsal, the built-in test app, which tries this machine without a download.")},
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
		{key: keyMCP, preset: "no", choices: noYes,
			shown: func(d *draft) bool { return d.advanced() && hasDomain(d) }, // it needs HTTPS
			label: fixed("Remote MCP"),
			help: fixed("Lets AI clients on the internet read your positions, orders and prices through this OpenAlgo. " +
				"Each signs in, and you approve it. Placing orders stays off.")},
	}},
}

func fixed(text string) func(*draft) string { return func(*draft) string { return text } }

func always(*draft) bool { return true }

func hasDomain(d *draft) bool { return d.get(keyDomain) != "" }

func tlsIs(mode string) func(*draft) bool {
	return func(d *draft) bool { return d.get(keyTLS) == mode || d.get(keyTLS) == "" && mode == "auto" }
}

func asksAuthority(d *draft) bool {
	return tlsIs("auto")(d) || tlsIs("nginx")(d) && answers.IsYes(d.certbot())
}

func hasCertificate(d *draft) bool {
	return tlsIs("files")(d) || tlsIs("nginx")(d) && !answers.IsYes(d.certbot())
}

func needsMarketData(d *draft) bool { return d.broker().NeedsMarketData() }

func noYes() []choice { return []choice{{value: "no", label: "No"}, {value: "yes", label: "Yes"}} }

func yesNo() []choice { return []choice{{value: "yes", label: "Yes"}, {value: "no", label: "No"}} }

func brokerChoices() []choice {
	var out []choice
	for _, b := range broker.All() {
		c := choice{value: b.ID, label: fmt.Sprintf("%s (%s)", b.Name, b.ID)}
		if b.Kind != broker.Standard {
			c.kind = string(b.Kind)
			c.label += ", " + c.kind
		}
		out = append(out, c)
	}
	return out
}

func redirectText(d *draft) string {
	return fmt.Sprintf("In %s's developer portal, enter this as the redirect URL, character by character:\n\n%s\n\nLogins fail with any other. Do it now, or later: the URL is shown again at the end.",
		d.broker().Name, d.redirectURL())
}

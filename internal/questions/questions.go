// Package questions holds what a person is asked before an install, in which
// words, and what has been answered so far. Full screens and plain lines both ask
// from here; the values are checked by the code that reads an answers file.
package questions

import (
	"fmt"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/broker"
)

// Screen is what is asked together.
type Screen struct {
	Title     string
	Shown     func(*Draft) bool
	Intro     func(*Draft) string // what is to be read first; may be empty
	Questions []Question          // none: it is to be read, and to be done
}

// Question is one thing to be asked.
type Question struct {
	Key     string // of the answers file, e.g. "broker.name"
	Label   func(*Draft) string
	Help    func(*Draft) string
	Preset  string // what an empty answer stands for
	Secret  bool
	Choices func() []Choice // nil: any text
	Shown   func(*Draft) bool
}

// Choice is one of the answers that a question allows.
type Choice struct {
	Value, Label string
	Kind         string // what sets it apart; most have none
}

// Keys of the draft that are no answers themselves, or are written another way.
const (
	KeyAdvanced = "advanced"
	KeyDomain   = "domain"
	KeyBroker   = "broker.name"
	keyMCP      = "remote_mcp.enabled"
	KeyTLS      = "tls.mode"
	keyCertbot  = "tls.certbot"
)

// Screens are in the order in which they are shown.
var Screens = []Screen{
	{Title: "Where it will be reached", Shown: Always, Intro: Fixed(""), Questions: []Question{
		{Key: KeyDomain, Shown: Always, Label: Fixed("Domain"),
			Help: Fixed("The name under which browsers reach OpenAlgo, for example algo.example.com. Leave it empty to use it on this machine only, or through an SSH tunnel.")},
	}},
	{Title: "HTTPS", Shown: hasDomain, Intro: Fixed("Browsers and brokers reach a domain over https alone."),
		Questions: []Question{
			{Key: KeyTLS, Shown: Always, Preset: "auto", Label: Fixed("HTTPS is done by"), Help: Fixed(""),
				Choices: func() []Choice {
					return []Choice{
						{Value: "auto", Label: "A certificate from Let's Encrypt, renewed by itself"},
						{Value: "files", Label: "A certificate that I have"},
						{Value: "nginx", Label: "The nginx of this machine"},
						{Value: "off", Label: "My own proxy or tunnel"},
					}
				}},
			{Key: keyCertbot, Shown: tlsIs("nginx"), Preset: "yes", Choices: yesNo,
				Label: Fixed("Let certbot get the certificate?"), Help: Fixed("It must be on this machine (apt-get install certbot).")},
			{Key: "tls.email", Shown: asksAuthority, Label: Fixed("E-mail"),
				Help: Fixed("The authority writes there when a certificate is about to expire. It may be left empty.")},
			{Key: "tls.cert", Shown: hasCertificate, Label: Fixed("Certificate"),
				Help: Fixed("The PEM file with the whole chain, for example /etc/ssl/algo.pem.")},
			{Key: "tls.key", Shown: hasCertificate, Label: Fixed("Its key"), Help: Fixed("The PEM file, for example /etc/ssl/algo.key.")},
		}},
	{Title: "Broker", Shown: Always, Intro: Fixed(""), Questions: []Question{
		{Key: KeyBroker, Shown: Always, Label: Fixed("Broker"), Help: Fixed("Type a part of its name."), Choices: brokerChoices},
	}},
	{Title: "Redirect URL", Shown: Always, Intro: redirectText},
	{Title: "Credentials", Shown: Always, Intro: Fixed(""), Questions: []Question{
		{Key: "broker.api_key", Shown: Always, Secret: true,
			Label: func(d *Draft) string { return d.Broker().KeyLabel },
			Help:  func(d *Draft) string { return d.Broker().KeyHint }},
		{Key: "broker.api_secret", Shown: Always, Secret: true,
			Label: func(d *Draft) string { return d.Broker().SecretLabel },
			Help: func(d *Draft) string {
				if d.Broker().SecretOptional {
					return strings.TrimSpace(d.Broker().SecretHint + " It may be left empty.")
				}
				return d.Broker().SecretHint
			}},
		{Key: "broker.market_api_key", Secret: true, Shown: needsMarketData,
			Label: Fixed("API key for market data"), Help: Fixed("This broker has a second pair of credentials, for prices.")},
		{Key: "broker.market_api_secret", Secret: true, Shown: needsMarketData,
			Label: Fixed("API secret for market data"), Help: Fixed("")},
	}},
	{Title: "Options", Shown: Always, Intro: Fixed(""), Questions: []Question{
		{Key: KeyAdvanced, Shown: Always, Preset: "no", Choices: noYes,
			Label: Fixed("Change image, ports or sizing?"), Help: Fixed("The defaults fit most hosts.")},
		{Key: "image", Shown: (*Draft).Advanced, Preset: answers.DefaultImage,
			Label: Fixed("Image"), Help: Fixed("An image's name; or source code to build it from, a git address (with #branch, if need be) or a directory of this machine; " +
				"or rehearsal, the built-in test app, which tries this machine without a download.")},
		{Key: "ports.web", Shown: (*Draft).Advanced, Preset: "5000",
			Label: Fixed("Port of the web interface"), Help: Fixed("")},
		{Key: "ports.websocket", Shown: (*Draft).Advanced, Preset: "8765",
			Label: Fixed("Port of the WebSocket"), Help: Fixed("")},
		{Key: "sizing.threads", Shown: (*Draft).Advanced, Preset: "auto",
			Label: Fixed("Threads"), Help: Fixed("Of the numeric libraries. auto takes the table's (openalgo-install size).")},
		{Key: "sizing.shm_size", Shown: (*Draft).Advanced, Preset: "auto",
			Label: Fixed("Shared memory"), Help: Fixed("For example 512m.")},
		{Key: "sizing.strategy_memory_mb", Shown: (*Draft).Advanced, Preset: "auto",
			Label: Fixed("Memory of a strategy, MB"), Help: Fixed("512 or more where strategies use pandas.")},
		{Key: keyMCP, Preset: "no", Choices: noYes,
			Shown: func(d *Draft) bool { return d.Advanced() && hasDomain(d) }, // it needs HTTPS
			Label: Fixed("Remote MCP"),
			Help: Fixed("Lets AI clients on the internet read your positions, orders and prices through this OpenAlgo. " +
				"Each signs in, and you approve it. Placing orders stays off.")},
	}},
}

// Fixed returns a text that is the same for every draft.
func Fixed(text string) func(*Draft) string { return func(*Draft) string { return text } }

// Always shows a screen or a question in every case.
func Always(*Draft) bool { return true }

func hasDomain(d *Draft) bool { return d.Get(KeyDomain) != "" }

func tlsIs(mode string) func(*Draft) bool {
	return func(d *Draft) bool { return d.Get(KeyTLS) == mode || d.Get(KeyTLS) == "" && mode == "auto" }
}

func asksAuthority(d *Draft) bool {
	return tlsIs("auto")(d) || tlsIs("nginx")(d) && answers.IsYes(d.certbot())
}

func hasCertificate(d *Draft) bool {
	return tlsIs("files")(d) || tlsIs("nginx")(d) && !answers.IsYes(d.certbot())
}

func needsMarketData(d *Draft) bool { return d.Broker().NeedsMarketData() }

func noYes() []Choice { return []Choice{{Value: "no", Label: "No"}, {Value: "yes", Label: "Yes"}} }

func yesNo() []Choice { return []Choice{{Value: "yes", Label: "Yes"}, {Value: "no", Label: "No"}} }

func brokerChoices() []Choice {
	var out []Choice
	for _, b := range broker.All() {
		c := Choice{Value: b.ID, Label: fmt.Sprintf("%s (%s)", b.Name, b.ID)}
		if b.Kind != broker.Standard {
			c.Kind = string(b.Kind)
			c.Label += ", " + c.Kind
		}
		out = append(out, c)
	}
	return out
}

func redirectText(d *Draft) string {
	return fmt.Sprintf("In %s's developer portal, enter this as the redirect URL, character by character:\n\n%s\n\nLogins fail with any other. Do it now, or later: the URL is shown again at the end.",
		d.Broker().Name, d.RedirectURL())
}

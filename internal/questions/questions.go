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
	Key     string // of the answers file, for example "broker.name"
	Label   func(*Draft) string
	Help    func(*Draft) string
	Preset  string // what an empty answer stands for
	Secret  bool
	Choices func() []Choice // nil: any text
	// Other is what else a text may mean that matches no choice; nil: nothing.
	Other func(text string) (Choice, bool)
	Shown func(*Draft) bool
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
	keyHasKey   = "has_api_key" // yes or no
	keyCertbot  = "tls.certbot"
)

// Screens are in the order in which they are shown.
var Screens = []Screen{
	{Title: "Address", Shown: Always, Intro: Fixed(""), Questions: []Question{
		{Key: KeyDomain, Shown: Always, Label: Fixed("Domain"),
			Help: domainHelp},
	}},
	{Title: "HTTPS", Shown: hasDomain, Intro: httpsText,
		Questions: []Question{
			{Key: KeyTLS, Shown: Always, Preset: "auto", Label: Fixed("Certificate and HTTPS proxy"), Help: Fixed(""),
				Choices: func() []Choice {
					return []Choice{
						{Value: "auto", Label: "Get a free certificate from Let's Encrypt, renewed automatically"},
						{Value: "files", Label: "Use my own certificate"},
						{Value: "nginx", Label: "Use nginx on this machine"},
						{Value: "off", Label: "Use my own HTTPS proxy or tunnel"},
					}
				}},
			{Key: keyCertbot, Shown: tlsIs("nginx"), Preset: "yes", Choices: yesNo,
				Label: Fixed("Let certbot get the certificate?"), Help: Fixed("certbot must be installed on this machine: apt-get install certbot")},
			{Key: "tls.email", Shown: asksAuthority, Label: Fixed("E-mail"),
				Help: Fixed("For example me@example.com. Optional. Let's Encrypt sends no mail before a certificate expires, but may send news. " +
					"Renewal is automatic. openalgo-install status shows the days left.")},
			{Key: "tls.cert", Shown: hasCertificate, Label: Fixed("Certificate file"),
				Help: Fixed("A PEM file with the whole chain, for example /etc/ssl/algo.pem.")},
			{Key: "tls.key", Shown: hasCertificate, Label: Fixed("Private key file"), Help: Fixed("A PEM file, for example /etc/ssl/algo.key.")},
		}},
	{Title: "Broker", Shown: Always, Intro: Fixed(""), Questions: []Question{
		{Key: KeyBroker, Shown: Always, Label: Fixed("Broker"), Help: Fixed("Type a part of its name, or use the arrow keys."), Choices: brokerChoices, Other: newBroker},
	}},
	{Title: RedirectTitle, Shown: Always, Intro: redirectText, Questions: []Question{
		{Key: keyHasKey, Shown: func(d *Draft) bool { return !d.Keeps() }, Preset: "yes", Label: Fixed("Do you have an API key?"),
			Help: func(d *Draft) string { return "Get it here: " + d.Broker().Where() },
			Choices: func() []Choice {
				return []Choice{{Value: "yes", Label: "Enter the key on the next page"}, {Value: "no", Label: "Continue now, and enter the key later"}}
			}},
	}},
	{Title: "Credentials", Shown: func(d *Draft) bool { return !isLater(d) }, Intro: Fixed(""), Questions: []Question{
		{Key: "broker.api_key", Shown: Always, Secret: true,
			Label: func(d *Draft) string { return d.Broker().KeyLabel },
			Help:  orKept(func(d *Draft) string { return d.Broker().KeyHint })},
		{Key: "broker.api_secret", Shown: Always, Secret: true,
			Label: func(d *Draft) string { return d.Broker().SecretLabel },
			Help: orKept(func(d *Draft) string {
				if d.Broker().SecretOptional {
					return strings.TrimSpace(d.Broker().SecretHint + " Optional.")
				}
				return d.Broker().SecretHint
			})},
		{Key: "broker.market_api_key", Secret: true, Shown: needsMarketData,
			Label: Fixed("API key for market data"), Help: orKept(Fixed("This broker uses a second pair of credentials for prices."))},
		{Key: "broker.market_api_secret", Secret: true, Shown: needsMarketData,
			Label: Fixed("API secret for market data"), Help: orKept(Fixed(""))},
	}},
	memoryScreen(),
	{Title: "Options", Shown: Always, Intro: Fixed(""), Questions: []Question{
		{Key: KeyAdvanced, Shown: Always, Preset: "no", Choices: advancedChoices,
			Label: Fixed("Change image, ports or sizing?"), Help: Fixed("The defaults fit most machines. Messages tell you when OpenAlgo is down.")},
		{Key: "image", Shown: (*Draft).Advanced, Preset: answers.DefaultImage,
			Label: Fixed("Image"), Help: Fixed("The name of an image, for example marketcalls/openalgo:latest. " +
				"Or source code to build: a git address (with #branch if needed) or a directory. " +
				"Or an image in a file, for example /root/openalgo.tar.zst. " +
				"Or rehearsal, the built-in test app, which needs no download.")},
		{Key: keyWeb, Shown: (*Draft).Advanced, Preset: "5000",
			Label: Fixed("Port of the web interface"), Help: Fixed("")},
		{Key: keySocket, Shown: (*Draft).Advanced, Preset: "8765",
			Label: Fixed("Port of the WebSocket"), Help: Fixed("")},
		{Key: "sizing.threads", Shown: (*Draft).Advanced, Preset: "auto",
			Label: Fixed("Threads"), Help: Fixed("Threads for numeric libraries. auto follows the sizing table (openalgo-install size).")},
		{Key: "sizing.shm_size", Shown: (*Draft).Advanced, Preset: "auto",
			Label: Fixed("Shared memory"), Help: Fixed("For example 512m.")},
		{Key: "sizing.strategy_memory_mb", Shown: (*Draft).Advanced, Preset: "auto",
			Label: Fixed("Memory of a strategy, MiB"), Help: Fixed("512 or more if strategies use pandas.")},
		{Key: keyMCP, Preset: "no", Choices: noYes,
			Shown: func(d *Draft) bool { return d.Advanced() && hasDomain(d) }, // it needs HTTPS
			Label: Fixed("Remote MCP"),
			Help:  Fixed("Lets AI clients on the internet read your positions, orders and prices. You approve each client. They cannot place orders.")},
	}},
	messagesScreen(),
	addressScreen(),
	backupsScreen(),
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
	return tlsIs("auto")(d) || tlsIs("nginx")(d) && answers.IsYes(certbot(d))
}

func hasCertificate(d *Draft) bool {
	return tlsIs("files")(d) || tlsIs("nginx")(d) && !answers.IsYes(certbot(d))
}

func needsMarketData(d *Draft) bool { return d.Broker().NeedsMarketData() }

func noYes() []Choice { return []Choice{{Value: "no", Label: "No"}, {Value: "yes", Label: "Yes"}} }

func yesNo() []Choice { return []Choice{{Value: "yes", Label: "Yes"}, {Value: "no", Label: "No"}} }

func advancedChoices() []Choice {
	return []Choice{{Value: "no", Label: "Keep the defaults"}, {Value: "yes", Label: "Change them"},
		{Value: onlyBeside, Label: "Keep the defaults, and set up messages and daily backups"},
		{Value: bothOfThem, Label: "Change them, and set up messages and daily backups"}}
}

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

// newBroker is a broker that is not on the list, and may be known to a newer OpenAlgo.
func newBroker(id string) (Choice, bool) {
	if _, misspelt := broker.Misspelt(id); misspelt {
		return Choice{}, false
	}
	if _, ok := broker.Of(id); !ok {
		return Choice{}, false
	}
	return Choice{Value: id, Label: fmt.Sprintf("Use the broker id %q, if your OpenAlgo release has it", id)}, true
}

// httpsText begins with what is left to the user, if anything is.
func httpsText(d *Draft) string {
	if step := answers.ProxyStep(answers.Answers{Domain: d.Get(KeyDomain), Ports: portsOf(d), TLS: answers.TLS{Mode: d.Get(KeyTLS)}}); step != "" {
		return step
	}
	return "A domain needs HTTPS for browsers and brokers."
}

// orKept is a help text, and what an empty answer means where a secret is there
// already.
func orKept(help func(*Draft) string) func(*Draft) string {
	return func(d *Draft) string {
		if !d.Keeps() {
			return help(d)
		}
		return strings.TrimSpace(strings.TrimSuffix(help(d), " Optional.") + " Leave empty to keep the current one.")
	}
}

func redirectText(d *Draft) string {
	address := "this machine's public address"
	if d.Here.Address != "" {
		address += " " + d.Here.Address
	}
	return fmt.Sprintf("In %s's developer portal, enter this as the redirect URL, character by character:\n\n"+
		"%s\n\nLogins fail with any other URL. You can do this now or later: the last page shows the URL again.\n\nRegister %s there "+
		"too (%s). Brokers reject orders from any other address.",
		d.Broker().Name, d.RedirectURL(), address, d.Broker().Where())
}

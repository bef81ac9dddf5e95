package questions

import (
	"cmp"
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/broker"
	"github.com/marketcalls/openalgo-install/internal/image/archive"
	"github.com/marketcalls/openalgo-install/internal/notify/target"
)

// Draft is the answers as far as they have been given.
type Draft struct {
	Given    map[string]string // the text of each, by key
	Searched map[string]string // what a list was searched for, by key
	Here     Here

	kept string            // the broker whose secrets the instance has already; "" is none
	rest map[string]string // what the instance was answered besides, by key
	was  map[string]string // what it was answered

	addresses []target.Target // for messages, that the instance's answers have; without secrets
}

// New returns a Draft with no answers.
func New() *Draft {
	return &Draft{Given: map[string]string{}, Searched: map[string]string{}, Here: Here{Ports: answers.Open()}}
}

// Get returns the answer to a question; "" when there is none.
func (d *Draft) Get(key string) string { return d.Given[key] }

// Advanced reports whether the options are asked for.
func (d *Draft) Advanced() bool {
	return answers.IsYes(d.Get(KeyAdvanced)) || d.Get(KeyAdvanced) == bothOfThem
}

// Broker returns the broker that was chosen; its zero value when none was.
//
//go:noinline
func (d *Draft) Broker() broker.Broker {
	b, _ := broker.Of(d.Get(KeyBroker))
	return b
}

// Keeps reports whether a secret may be left empty, since the instance has it.
func (d *Draft) Keeps() bool { return d.kept != "" && d.kept == d.Get(KeyBroker) }

// isLater reports whether the API key is entered after the install.
func isLater(d *Draft) bool { return !d.Keeps() && strings.EqualFold(d.Get(keyHasKey), "no") }

// RedirectURL returns what must be registered at the broker.
func (d *Draft) RedirectURL() string {
	a := answers.Answers{Domain: d.Get(KeyDomain), Ports: portsOf(d)}
	return d.Broker().RedirectURL(a.Origin())
}

// certbot is the answer to whether it may get the certificate.
func certbot(d *Draft) string { return cmp.Or(d.Get(keyCertbot), "yes") }

// Offer returns what a question shows before anything is typed.
func (d *Draft) Offer(q Question) string {
	if given, ok := d.Given[q.Key]; ok {
		return given
	}
	return presetOf(d, q)
}

// Take keeps an answer as it was meant: without spaces around it, an empty one
// as the preset. It reports whether spaces were removed.
func (d *Draft) Take(q Question, text string) (trimmed bool) {
	clean := strings.TrimSpace(text)
	trimmed = clean != text
	if clean == "" {
		clean = presetOf(d, q)
	}
	d.Given[q.Key] = meant(q, clean)
	return trimmed
}

// asked yields what was answered to the questions that are asked now. Answers
// to others are kept, for the case that they are asked again.
func (d *Draft) asked() iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		for _, s := range Screens {
			for _, q := range s.Questions {
				text, given := d.Given[q.Key]
				if given && s.Shown(d) && q.Shown(d) && !yield(q.Key, text) {
					return
				}
			}
		}
	}
}

// Problem says what is wrong with the answer to one question; "" when nothing
// is. Other questions may still be open.
func (d *Draft) Problem(q Question) string {
	text := d.Get(q.Key)
	if q.Key == KeyAdvanced && setsUp(d) {
		return ""
	}
	if q.Key == KeyAdvanced || q.Key == keyMCP || q.Key == keyCertbot || q.Key == keyHasKey || q.Key == keyWatch {
		switch strings.ToLower(text) {
		case "y", "yes", "n", "no":
		default:
			return "answer yes or no"
		}
	}
	if q.Key == KeyBroker && text == "" {
		return "choose a broker: OpenAlgo does not start without one"
	}
	if problem := besideProblem(d, q); problem != "" {
		return problem
	}
	_, problems := d.Answers()
	for _, p := range problems {
		if p.Key == q.Key || strings.HasPrefix(p.Key, q.Key+".") {
			return p.Message
		}
	}
	return ""
}

// ScreenOf returns the index of the screen that a key of the answers belongs to.
func (d *Draft) ScreenOf(key string) int {
	return max(0, slices.IndexFunc(Screens, func(s Screen) bool {
		return s.Shown(d) && slices.ContainsFunc(s.Questions, func(q Question) bool {
			return (q.Key == key || strings.HasPrefix(key, q.Key+".")) && q.Shown(d)
		})
	}))
}

// Answers reads the draft as the answers file that it stands for.
func (d *Draft) Answers() (answers.Answers, []answers.Problem) {
	text, err := d.yaml(false)
	if err != nil {
		return answers.Answers{}, []answers.Problem{{Message: err.Error()}}
	}
	a, problems := answers.Parse(text, answers.Lookup{})
	withAddress(d, &a)
	return a, problems
}

// secretNames are the environment variables that a saved file without secrets
// takes them from.
var secretNames = map[string]string{
	"broker.api_key": "BROKER_API_KEY", "broker.api_secret": "BROKER_API_SECRET",
	"broker.market_api_key": "BROKER_API_KEY_MARKET", "broker.market_api_secret": "BROKER_API_SECRET_MARKET",
	keyAccess: "S3_ACCESS_KEY", keySecond: "S3_SECRET_KEY",
}

// yaml writes the draft as an answers file, its secrets in plain or as
// references to environment variables.
func (d *Draft) yaml(references bool) ([]byte, error) {
	texts, from := unasked(d), map[string]string{}
	if isLater(d) || d.Keeps() {
		texts["broker.credentials"] = "later" // or those of the instance
	}
	for key, text := range d.asked() {
		switch {
		case isOwn(key) || staysBeside(d, key):
		case key == keyHasKey || key == KeyAdvanced || secretNames[key] != "" && text == "" && d.Keeps():
		case text == "" && !strings.HasPrefix(key, "broker."):
		case key == "image":
			maps.Copy(texts, imageSource(text))
		case references && text != "" && secretNames[key] != "":
			from[key] = secretNames[key]
		default:
			texts[key] = text
		}
	}
	if p := portsOf(d); !d.Advanced() { // else they are asked for
		texts[keyWeb], texts[keySocket] = strconv.Itoa(p.Web), strconv.Itoa(p.WebSocket)
	}
	return answers.Compose(texts, from)
}

// imageSource tells by its form what an image is to come from.
func imageSource(text string) map[string]string {
	switch {
	case text == "rehearsal":
		return map[string]string{"image.source": "rehearsal"}
	case archive.IsName(text):
		return map[string]string{"image.source": "file", "image.path": text}
	case strings.HasPrefix(text, "/"), strings.HasPrefix(text, "./"), strings.HasPrefix(text, "../"), text == ".":
		return map[string]string{"image.source": "path", "image.path": text}
	case strings.Contains(text, "://"), strings.HasPrefix(text, "git@"):
		address, ref, _ := strings.Cut(text, "#")
		out := map[string]string{"image.source": "git", "image.url": address}
		if ref != "" {
			out["image.ref"] = ref
		}
		return out
	}
	return map[string]string{"image.source": "registry", "image.ref": text}
}

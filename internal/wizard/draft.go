package wizard

import (
	"cmp"
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/broker"
)

// draft is the answers as far as they have been given: the text of each, by
// key.
type draft struct{ given map[string]string }

func newDraft() *draft { return &draft{given: map[string]string{}} }

func (d *draft) get(key string) string { return d.given[key] }

func (d *draft) advanced() bool { return answers.IsYes(d.get(keyAdvanced)) }

func (d *draft) broker() broker.Broker {
	b, _ := broker.Find(d.get(keyBroker))
	return b
}

func (d *draft) redirectURL() string {
	a := answers.Answers{Domain: d.get(keyDomain), Ports: answers.Ports{Web: 5000}}
	if port, err := strconv.Atoi(d.get("ports.web")); err == nil && d.advanced() {
		a.Ports.Web = port
	}
	return d.broker().RedirectURL(a.Origin())
}

// certbot is the answer to whether it may get the certificate.
func (d *draft) certbot() string { return cmp.Or(d.get(keyCertbot), "yes") }

// offer is what stands at a question before anything is typed.
func (d *draft) offer(q question) string {
	if given, ok := d.given[q.key]; ok {
		return given
	}
	return q.preset
}

// take keeps an answer as it was meant: without blanks around it, an empty one
// as the preset. It says whether blanks were taken away.
func (d *draft) take(q question, text string) (trimmed bool) {
	clean := strings.TrimSpace(text)
	trimmed = clean != text
	if clean == "" {
		clean = q.preset
	}
	d.given[q.key] = clean
	return trimmed
}

// asked yields what was answered to the questions that are asked now. Answers
// to others are kept, for the case that they are asked again.
func (d *draft) asked() iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		for _, s := range screens {
			for _, q := range s.questions {
				text, given := d.given[q.key]
				if given && s.shown(d) && q.shown(d) && !yield(q.key, text) {
					return
				}
			}
		}
	}
}

// problem says what is wrong with the answer to one question; "" when nothing
// is. Other questions may still be open.
func (d *draft) problem(q question) string {
	text := d.get(q.key)
	if q.key == keyAdvanced || q.key == keyMCP || q.key == keyCertbot {
		switch strings.ToLower(text) {
		case "y", "yes", "n", "no":
		default:
			return "answer yes or no"
		}
	}
	if q.key == keyBroker && text == "" {
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

// screenOf is the index of the screen that a key of the answers belongs to.
func (d *draft) screenOf(key string) int {
	return max(0, slices.IndexFunc(screens, func(s screen) bool {
		return s.shown(d) && slices.ContainsFunc(s.questions, func(q question) bool {
			return (q.key == key || strings.HasPrefix(key, q.key+".")) && q.shown(d)
		})
	}))
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
	texts, from := map[string]string{}, map[string]string{}
	for key, text := range d.asked() {
		switch {
		case key == keyAdvanced || text == "" && !strings.HasPrefix(key, "broker."):
		case key == "image":
			maps.Copy(texts, imageSource(text))
		case references && text != "" && secretNames[key] != "":
			from[key] = secretNames[key]
		default:
			texts[key] = text
		}
	}
	return answers.Compose(texts, from)
}

// imageSource tells by its form what an image is to come from.
func imageSource(text string) map[string]string {
	switch {
	case text == "rehearsal":
		return map[string]string{"image.source": "rehearsal"}
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

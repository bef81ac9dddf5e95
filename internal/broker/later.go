package broker

import (
	"regexp"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/secret"
	"github.com/marketcalls/openalgo-install/internal/spelling"
)

// idForm is what OpenAlgo's ids look like.
var idForm = regexp.MustCompile(`^[a-z][a-z0-9_]{2,39}$`)

// Of returns the broker with this id. One that the table lacks, since a newer
// OpenAlgo has it, counts as one with a plain key and secret. false: no broker can
// have this id.
func Of(id string) (Broker, bool) {
	if b, ok := Find(id); ok {
		return b, true
	}
	if !idForm.MatchString(id) {
		return Broker{}, false
	}
	return complete(Broker{ID: id, Name: id, Kind: Standard}), true
}

// Misspelt returns the id that this one is most likely a slip of: a letter or two
// are wrong, or the end is missing. What only begins like a known id may be a new
// broker.
func Misspelt(id string) (string, bool) {
	for _, b := range brokers {
		slips := 2
		if len(b.ID) < 6 {
			slips = 1
		}
		if id != b.ID && (spelling.Distance(id, b.ID) <= slips || len(id) > 2 && strings.HasPrefix(b.ID, id)) {
			return Nearest(id)
		}
	}
	return "", false
}

// Awaited reports whether the API key is still to be entered: it is empty, or a
// sample text.
func Awaited(apiKey string) bool { return apiKey == "" || isPlaceholder(apiKey) }

// CheckGiven is Check without what is still to be entered.
func (b Broker) CheckGiven(c Credentials) []Problem { return b.check(c, Awaited) }

// Until fills what is still to be entered with what OpenAlgo starts with: nothing, or
// a sample text where it takes the key apart at the start.
func (b Broker) Until(c Credentials) Credentials {
	if c.APIKey.Reveal() == "" && b.keyFormat != "" && !b.bareKey {
		c.APIKey = secret.New("YOUR_" + strings.ToUpper(strings.ReplaceAll(b.keyFormat, ":::", ":::YOUR_")))
	}
	return c
}

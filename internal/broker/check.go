package broker

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/marketcalls/openalgo-install/internal/printable"
	"github.com/marketcalls/openalgo-install/internal/secret"
)

// Problem is one fault of the credentials. Field is api_key, api_secret,
// market_api_key or market_api_secret, as in the answers. Message never
// contains the value, and shows a right one or says what to do.
type Problem struct{ Field, Message string }

// field is one credential under check.
type field struct {
	name, env, label, example string
	value                     secret.Text
	optional                  bool
}

// Check returns every fault of c for broker b, none if OpenAlgo can use them.
// Whether the broker accepts them only a login tells.
func (b Broker) Check(c Credentials) []Problem {
	return b.check(c, func(string) bool { return false })
}

// check passes over the values that are skipped.
func (b Broker) check(c Credentials, skipped func(value string) bool) []Problem {
	market := [2]field{
		{"market_api_key", "BROKER_API_KEY_MARKET", "Market data API key", plainKeyExample, c.MarketAPIKey, false},
		{"market_api_secret", "BROKER_API_SECRET_MARKET", "Market data API secret", plainSecretExample, c.MarketAPISecret, false},
	}
	fields := []field{
		{"api_key", "BROKER_API_KEY", b.KeyLabel, b.KeyExample, c.APIKey, false},
		{"api_secret", "BROKER_API_SECRET", b.SecretLabel, b.SecretExample, c.APISecret, b.SecretOptional},
	}
	if b.NeedsMarketData() {
		fields = append(fields, market[:]...)
	}

	var problems []Problem
	for _, f := range fields {
		if skipped(f.value.Reveal()) {
			continue
		}
		fault := f.fault()
		if fault == "" && f.name == "api_key" {
			fault = b.formatFault(f.value.Reveal())
		}
		if fault != "" {
			problems = append(problems, Problem{f.name, fmt.Sprintf("%s (%s) for %s %s", f.label, f.env, b.Name, fault)})
		}
	}
	if !b.NeedsMarketData() {
		problems = append(problems, b.unusedMarket(market)...)
	}
	return problems
}

// What OpenAlgo's sample file has in the market lines.
const (
	sampleMarketKey    = "YOUR_BROKER_MARKET_API_KEY"
	sampleMarketSecret = "YOUR_BROKER_MARKET_API_SECRET"
)

// unusedMarket refuses market credentials for a broker that reads none: most
// likely the broker is not the one that was meant. The sample's placeholders,
// which stand in every .env, do not count as given.
func (b Broker) unusedMarket(market [2]field) []Problem {
	var problems []Problem
	for _, f := range market {
		if v := f.value.Reveal(); v != "" && v != sampleMarketKey && v != sampleMarketSecret {
			problems = append(problems, Problem{f.name, fmt.Sprintf("%s (%s) is not used by %s (%s): leave it out, or choose one of the XTS brokers, %s",
				f.label, f.env, b.Name, b.ID, strings.Join(xtsIDs(), ", "))})
		}
	}
	return problems
}

// fault says what is wrong with a value of any broker, or nothing.
func (f field) fault() string {
	v := f.value.Reveal()
	example := fmt.Sprintf("a right one looks like %s", f.example)
	switch {
	case v == "" && f.optional:
		return ""
	case v == "":
		return "is missing: " + example
	case !utf8.ValidString(v):
		return "is not text in UTF-8: " + example
	case pasted(v) != "":
		return "has " + pasted(v) + " in it, probably copied from a web page: type it, or copy it again; " + example
	case strings.IndexFunc(v, invisible) >= 0:
		return "contains a line break, tab or other invisible character: copy it again, on one line; " + example
	case strings.TrimSpace(v) == "":
		return "has only spaces: " + example
	case strings.TrimSpace(v) != v:
		return "begins or ends with a space: remove it; " + example
	case isPlaceholder(v):
		return "is still a sample text: put in your own value; " + example
	default:
		return ""
	}
}

// pasted names spaces and invisible characters that no credential has, and
// typographic quotes around one. Inside of it a quote may be meant.
func pasted(v string) string {
	inner := strings.TrimFunc(v, func(r rune) bool { return printable.IsTypographicQuote(r) || unicode.IsSpace(r) })
	ends := strings.Replace(v, inner, "", 1)
	inner = strings.Map(func(r rune) rune {
		if printable.IsTypographicQuote(r) {
			return -1
		}
		return r
	}, inner)
	return printable.Pasted(ends + inner)
}

// invisible finds what is never part of a credential but comes along when one
// is copied from a web page or a PDF: control and format characters (a
// zero-width space, a byte order mark), line and paragraph separators.
func invisible(r rune) bool {
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp)
}

// formatFault says what is wrong with a key that has parts, or nothing. It
// counts ":::" as the app does.
func (b Broker) formatFault(key string) string {
	if b.keyFormat == "" || b.bareKey && !strings.Contains(key, ":::") {
		return ""
	}
	got, want := strings.Split(key, ":::"), strings.Count(b.keyFormat, ":::")+1
	right := fmt.Sprintf("%s, for example %s", b.keyFormat, b.KeyExample)
	if len(got) != want {
		return fmt.Sprintf("must have %d parts joined by three colons, and has %d: %s", want, len(got), right)
	}
	for i, part := range got {
		if part == "" || strings.TrimSpace(part) != part {
			return fmt.Sprintf("has a part (%d of %d) that is empty or has a space next to the colons: %s", i+1, want, right)
		}
	}
	return ""
}

// placeholderPart matches the stand-ins of OpenAlgo's sample file, its docs
// and our own hints: YOUR_BROKER_API_KEY, your_api_key_here, <api key>, and the
// names of the parts.
var placeholderPart = regexp.MustCompile(`(?i)^(your[_-].*|<.*>|change_?me|x{4,}|broker_api_(key|secret)|api_(key|secret)|user_?(key|id)|client_?id)$`)

// isPlaceholder reports whether v, or a part of it, is a sample text.
func isPlaceholder(v string) bool {
	for _, part := range strings.Split(v, ":::") {
		if placeholderPart.MatchString(part) {
			return true
		}
	}
	return false
}

func xtsIDs() []string {
	var ids []string
	for _, b := range brokers {
		if b.Kind == XTS {
			ids = append(ids, b.ID)
		}
	}
	return ids
}

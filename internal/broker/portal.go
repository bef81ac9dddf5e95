package broker

// portals are the pages where brokers give API keys, and take the redirect URL and
// the address of the machine, or tell how. Only those that OpenAlgo itself names are
// here (docs/openalgo-facts.md 2.4): an address that is wrong is worse than none.
var portals = map[string]string{
	"angel":          "https://smartapi.angelbroking.com",
	"arrow":          "https://docs.arrow.trade/rest-api/authentication",
	"deltaexchange":  "https://docs.delta.exchange",
	"dhan":           "https://docs.openalgo.in/connect-brokers/brokers/dhan",
	"fivepaisa":      "https://docs.openalgo.in/connect-brokers/brokers/5paisa",
	"flattrade":      "https://docs.openalgo.in/connect-brokers/brokers/flattrade",
	"fyers":          "https://myapi.fyers.in",
	"hdfcsecurities": "https://developer.hdfcsec.com",
	"hdfcsky":        "https://developer.hdfcsky.com",
	"indmoney":       "https://indstocks.com/app/api-trading/access-tokens",
	"mstock":         "https://tradingapi.mstock.com",
	"paytm":          "https://developer.paytmmoney.com",
	"pocketful":      "https://api.pocketful.in/docs/",
	"samco":          "https://tradeapi.samco.in/app/login",
	"shoonya":        "https://shoonya.com/api-documentation",
	"upstox":         "https://upstox.com/developer/api-documentation",
	"zerodha":        "https://kite.trade",
}

// Portal is where the broker gives API keys, and takes the redirect URL and the
// machine's address; "" is not known.
func (b Broker) Portal() string { return portals[b.ID] }

// Where names the portal in a sentence: its address, or in words where that is not
// known.
func (b Broker) Where() string {
	if at := b.Portal(); at != "" {
		return at
	}
	if b.Name == "" {
		return "your broker's API page"
	}
	return b.Name + "'s API page"
}

// DailyLogin is what most brokers ask for, and DailyLoginPage where OpenAlgo tells more.
const (
	DailyLogin     = "Most brokers require a login every day, often with a code from an authenticator app (TOTP). Log in to your broker in OpenAlgo each morning:"
	DailyLoginPage = "https://github.com/marketcalls/openalgo/tree/main/docs/userguide/05-first-time-setup"
)

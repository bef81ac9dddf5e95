package broker

import "cmp"

// Shown wherever a broker's own form is just a run of letters and digits.
const (
	plainKeyExample    = "a1b2c3d4e5f6g7h8"
	plainSecretExample = "z9y8x7w6v5u4t3s2"
)

// special holds what differs from the plain case: API key, API secret, any
// form. Sources: docs/openalgo-facts.md 2.3; the app enforces the formats of
// fivepaisa, flattrade and dhan at start, those of shoonya and zebu only when
// one logs in, which is why all five are checked here.
var special = map[string]Broker{
	"aliceblue": {KeyLabel: "App code"},
	"angel":     {SecretOptional: true, SecretHint: "OpenAlgo does not use it for this broker"},
	"arrow":     {KeyLabel: "App id", SecretLabel: "App secret"},
	"definedge": {KeyLabel: "API token"},
	"dhan": {KeyLabel: "Client id and API key", keyFormat: "client_id:::api_key",
		KeyExample: "1234567890:::a1b2c3d4"},
	"dhan_sandbox": {KeyLabel: "Client id and API key", keyFormat: "client_id:::api_key", bareKey: true,
		KeyExample: "1234567890:::a1b2c3d4", SecretLabel: "Access token", SecretHint: "the token from the sandbox's page"},
	"firstock": {KeyLabel: "Vendor code", KeyHint: "your user id followed by _API", KeyExample: "AB1234_API",
		SecretLabel: "API key"},
	"fivepaisa": {KeyLabel: "User key, user id and client id", keyFormat: "user_key:::user_id:::client_id",
		KeyExample: "abc123xyz:::12345678:::5P12345678", SecretLabel: "Encryption key"},
	"flattrade": {KeyLabel: "Client id and API key", keyFormat: "client_id:::api_key",
		KeyExample: "FT123456:::a1b2c3d4e5f6"},
	"indmoney": {KeyLabel: "Client id", SecretLabel: "Access token", SecretOptional: true,
		SecretHint: "leave it empty to log in with MPIN and TOTP; a made-up value breaks the login"},
	"kotak":   {KeyLabel: "UCC (unique client code)", KeyExample: "AB123", SecretLabel: "Access token"},
	"motilal": {KeyLabel: "Client code", KeyExample: "AB1234", SecretLabel: "API key"},
	"mstock":  {KeyLabel: "Client code", KeyExample: "MA1234567", SecretLabel: "API key"},
	"nubra": {KeyLabel: "Phone number", KeyHint: "the mobile number of your account", KeyExample: "9876543210",
		SecretLabel: "MPIN", SecretExample: "4821"},
	"shoonya": {KeyLabel: "User id and client id", keyFormat: "userid:::client_id", KeyExample: "FA12345:::FA12345_U"},
	"tradejini": {SecretOptional: true,
		SecretHint: "OpenAlgo needs only the API key for this broker"},
	"tradesmart": {KeyLabel: "Client id and API key", keyFormat: "client_id:::api_key", bareKey: true,
		KeyExample: "AB1234:::a1b2c3d4e5f6"},
	"zebu": {KeyLabel: "User id and client id", keyFormat: "userid:::client_id", KeyExample: "Z56004:::Z56004_U"},
}

// brokers is sorted by id. VALID_BROKERS of an image may know more: the list
// grows about once a month (docs/openalgo-facts.md 2.1).
var brokers = entries([]Broker{
	{ID: "aliceblue", Name: "Alice Blue", Kind: Standard},
	{ID: "angel", Name: "Angel One", Kind: Standard},
	{ID: "arrow", Name: "Arrow", Kind: Standard},
	{ID: "compositedge", Name: "CompositEdge", Kind: XTS},
	{ID: "definedge", Name: "Definedge", Kind: Standard},
	{ID: "deltaexchange", Name: "Delta Exchange", Kind: Crypto},
	{ID: "dhan", Name: "Dhan", Kind: Standard},
	{ID: "dhan_sandbox", Name: "Dhan (Sandbox)", Kind: Sandbox},
	{ID: "firstock", Name: "Firstock", Kind: Standard},
	{ID: "fivepaisa", Name: "5paisa", Kind: Standard},
	{ID: "fivepaisaxts", Name: "5paisa (XTS)", Kind: XTS},
	{ID: "flattrade", Name: "Flattrade", Kind: Standard},
	{ID: "fyers", Name: "Fyers", Kind: Standard},
	{ID: "groww", Name: "Groww", Kind: Standard},
	{ID: "hdfcsecurities", Name: "HDFC Securities", Kind: Standard},
	{ID: "hdfcsky", Name: "HDFC Sky", Kind: Standard},
	{ID: "ibulls", Name: "Ibulls", Kind: XTS},
	{ID: "iifl", Name: "IIFL", Kind: XTS},
	{ID: "iiflcapital", Name: "IIFL Capital", Kind: Standard},
	{ID: "indmoney", Name: "IndMoney", Kind: Standard},
	{ID: "jainamxts", Name: "Jainam (XTS)", Kind: XTS},
	{ID: "kotak", Name: "Kotak Securities", Kind: Standard},
	{ID: "motilal", Name: "Motilal Oswal", Kind: Standard},
	{ID: "mstock", Name: "mStock by Mirae Asset", Kind: Standard},
	{ID: "nubra", Name: "Nubra", Kind: Standard},
	{ID: "paytm", Name: "Paytm Money", Kind: Standard},
	{ID: "pocketful", Name: "Pocketful", Kind: Standard},
	{ID: "rmoney", Name: "RMoney", Kind: XTS},
	{ID: "samco", Name: "Samco", Kind: Standard},
	{ID: "shoonya", Name: "Shoonya", Kind: Standard},
	{ID: "tradejini", Name: "Tradejini", Kind: Standard},
	{ID: "tradesmart", Name: "TradeSmart", Kind: Standard},
	{ID: "upstox", Name: "Upstox", Kind: Standard},
	{ID: "wisdom", Name: "Wisdom Capital", Kind: XTS},
	{ID: "zebu", Name: "Zebu", Kind: Standard},
	{ID: "zerodha", Name: "Zerodha", Kind: Standard},
})

func entries(list []Broker) []Broker {
	for i, b := range list {
		list[i] = complete(b)
	}
	return list
}

// complete adds what special says of a broker, and the plain case.
func complete(plain Broker) Broker {
	b := special[plain.ID]
	b.ID, b.Name, b.Kind = plain.ID, plain.Name, plain.Kind
	b.KeyLabel = cmp.Or(b.KeyLabel, "API key")
	b.KeyExample = cmp.Or(b.KeyExample, plainKeyExample)
	b.SecretLabel = cmp.Or(b.SecretLabel, "API secret")
	b.SecretExample = cmp.Or(b.SecretExample, plainSecretExample)
	b.KeyHint = cmp.Or(b.KeyHint, b.keyFormat)
	return b
}

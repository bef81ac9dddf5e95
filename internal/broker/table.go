package broker

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
var brokers = []Broker{
	entry("aliceblue", "Alice Blue", Standard),
	entry("angel", "Angel One", Standard),
	entry("arrow", "Arrow", Standard),
	entry("compositedge", "CompositEdge", XTS),
	entry("definedge", "Definedge", Standard),
	entry("deltaexchange", "Delta Exchange", Crypto),
	entry("dhan", "Dhan", Standard),
	entry("dhan_sandbox", "Dhan (Sandbox)", Sandbox),
	entry("firstock", "Firstock", Standard),
	entry("fivepaisa", "5paisa", Standard),
	entry("fivepaisaxts", "5paisa (XTS)", XTS),
	entry("flattrade", "Flattrade", Standard),
	entry("fyers", "Fyers", Standard),
	entry("groww", "Groww", Standard),
	entry("hdfcsecurities", "HDFC Securities", Standard),
	entry("hdfcsky", "HDFC Sky", Standard),
	entry("ibulls", "Ibulls", XTS),
	entry("iifl", "IIFL", XTS),
	entry("iiflcapital", "IIFL Capital", Standard),
	entry("indmoney", "IndMoney", Standard),
	entry("jainamxts", "Jainam (XTS)", XTS),
	entry("kotak", "Kotak Securities", Standard),
	entry("motilal", "Motilal Oswal", Standard),
	entry("mstock", "mStock by Mirae Asset", Standard),
	entry("nubra", "Nubra", Standard),
	entry("paytm", "Paytm Money", Standard),
	entry("pocketful", "Pocketful", Standard),
	entry("rmoney", "RMoney", XTS),
	entry("samco", "Samco", Standard),
	entry("shoonya", "Shoonya", Standard),
	entry("tradejini", "Tradejini", Standard),
	entry("tradesmart", "TradeSmart", Standard),
	entry("upstox", "Upstox", Standard),
	entry("wisdom", "Wisdom Capital", XTS),
	entry("zebu", "Zebu", Standard),
	entry("zerodha", "Zerodha", Standard),
}

// entry completes what special says of a broker with the plain case.
func entry(id, name string, kind Kind) Broker {
	b := special[id]
	b.ID, b.Name, b.Kind = id, name, kind
	for _, field := range []struct {
		value *string
		plain string
	}{
		{&b.KeyLabel, "API key"}, {&b.KeyExample, plainKeyExample},
		{&b.SecretLabel, "API secret"}, {&b.SecretExample, plainSecretExample},
		{&b.KeyHint, b.keyFormat},
	} {
		if *field.value == "" {
			*field.value = field.plain
		}
	}
	return b
}

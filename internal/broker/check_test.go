package broker_test

import (
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/broker"
	"github.com/marketcalls/openalgo-install/internal/secret"
)

func TestEveryExampleIsRight(t *testing.T) {
	for _, b := range broker.All() {
		c := broker.Credentials{APIKey: secret.New(b.KeyExample), APISecret: secret.New(b.SecretExample)}
		if b.NeedsMarketData() {
			c.MarketAPIKey, c.MarketAPISecret = secret.New("mk1"), secret.New("ms1")
		}
		if p := b.Check(c); len(p) != 0 {
			t.Errorf("%s: the example shown to users is refused: %v", b.ID, p)
		}
	}
}

func TestKeyFormats(t *testing.T) {
	tests := []struct {
		id, key string
		want    string // a part of the message, "" for a right key
	}{
		{"fivepaisa", "uk:::id:::cl", ""},
		{"fivepaisa", "uk:::id", "must have 3 parts joined by three colons, and has 2: user_key:::user_id:::client_id"},
		{"fivepaisa", "uk", "and has 1"},
		{"fivepaisa", "uk:::id:::cl:::more", "and has 4"},
		{"fivepaisa", "uk::::::cl", "(2 of 3)"},
		{"flattrade", "FT1:::k", ""},
		{"flattrade", "FT1", "FT123456:::a1b2c3d4e5f6"},
		{"flattrade", "FT1:::k:::x", "and has 3"},
		{"flattrade", ":::k", "(1 of 2)"},
		{"flattrade", "FT1:::", "(2 of 2)"},
		{"flattrade", "FT1 ::: k", "(1 of 2)"},
		{"flattrade", "FT1::k", "and has 1"},
		{"dhan", "110:::k", ""},
		{"dhan", "k", "client_id:::api_key"},
		{"shoonya", "FA1:::FA1_U", ""},
		{"shoonya", "FA1", "userid:::client_id"},
		{"zebu", "Z5:::Z5_U", ""},
		{"zebu", "Z5", "Z56004:::Z56004_U"},
		{"tradesmart", "bare", ""},
		{"tradesmart", "AB1:::k", ""},
		{"tradesmart", "AB1:::k:::x", "and has 3"},
		{"tradesmart", "AB1:::", "(2 of 2)"},
		{"dhan_sandbox", "bare", ""},
		{"dhan_sandbox", "110:::k", ""},
		{"dhan_sandbox", "110:::k:::x", "and has 3"},
		{"zerodha", "a:::b:::c:::d", ""}, // no rule, so none of ours
	}
	for _, tt := range tests {
		problems := find(t, tt.id).Check(credentials(tt.key, "sec", "", ""))
		expect(t, tt.id+" "+tt.key, problems, "api_key", tt.want)
	}
}

func TestValuesOfAnyBroker(t *testing.T) {
	tests := []struct{ name, secret, want string }{
		{"right", "pa$$ w'ord\\\"#${X}", ""},
		{"letters of any script", "ключ-密钥", ""},
		{"missing", "", "is missing"},
		{"only blanks", "  ", "has only spaces"},
		{"leading blank", " abc", "begins or ends with a space"},
		{"trailing no-break space", "abc\u00a0", "no-break or wide space (U+00A0)"},
		{"no-break space within", "abc\u202fdef", "no-break or wide space (U+202F)"},
		{"typographic quotes", "‘abc123’", "a typographic quote (‘), a typographic quote (’)"},
		{"a typographic quote before a blank", "“ abc", "a typographic quote (“)"},
		{"a typographic quote within", "abc’def", ""},
		{"line break at the end", "abc\n", "line break"},
		{"line break within", "abc\ndef", "line break"},
		{"NUL", "abc\x00", "invisible"},
		{"zero-width space", "abc\u200bdef", "invisible"},
		{"byte order mark", "\ufeffabc", "invisible"},
		{"line separator", "abc\u2028def", "invisible"},
		{"not UTF-8", "abc\xff", "UTF-8"},
		{"sample", "YOUR_BROKER_API_SECRET", "sample text"},
		{"sample of the docs", "your_api_secret", "sample text"},
		{"angle brackets", "<api secret>", "sample text"},
		{"begins like a sample", "yourselfABC123", ""},
	}
	for _, tt := range tests {
		problems := find(t, "zerodha").Check(credentials("key", tt.secret, "", ""))
		expect(t, tt.name, problems, "api_secret", tt.want)
	}
}

func TestSamplesAreRefusedAsKeys(t *testing.T) {
	for id, key := range map[string]string{
		"zerodha":   "YOUR_BROKER_API_KEY",
		"flattrade": "FT123456:::your_api_key_here",
		"dhan":      "client_id:::api_key",
		"fivepaisa": "User_Key:::User_ID:::client_id",
		"shoonya":   "userid:::client_id",
	} {
		expect(t, id, find(t, id).Check(credentials(key, "sec", "", "")), "api_key", "sample text")
	}
}

func TestOptionalSecret(t *testing.T) {
	for _, b := range broker.All() {
		problems := b.Check(broker.Credentials{
			APIKey: secret.New(b.KeyExample), MarketAPIKey: market(b, "mk"), MarketAPISecret: market(b, "ms")})
		want := "is missing"
		if b.ID == "indmoney" || b.ID == "angel" || b.ID == "tradejini" {
			want = ""
		}
		expect(t, b.ID, problems, "api_secret", want)
	}
	expect(t, "a blank in the optional secret", find(t, "indmoney").Check(credentials("id", " ", "", "")), "api_secret", "has only spaces")
}

func TestMarketData(t *testing.T) {
	for _, b := range broker.All() {
		if b.NeedsMarketData() {
			problems := b.Check(credentials("k", "s", "", ""))
			if len(problems) != 2 || problems[0].Field != "market_api_key" || problems[1].Field != "market_api_secret" {
				t.Errorf("%s without market data: %v", b.ID, problems)
			}
			expect(t, b.ID, b.Check(credentials("k", "s", "mk", "")), "market_api_secret", "is missing")
			expect(t, b.ID, b.Check(credentials("k", "s", "YOUR_BROKER_MARKET_API_KEY", "ms")), "market_api_key", "sample text")
			expect(t, b.ID, b.Check(credentials("k", "s", "mk", "ms")), "", "")
		}
	}
	zerodha := find(t, "zerodha")
	problems := zerodha.Check(credentials("k", "s", "mk", "ms"))
	if len(problems) != 2 || !strings.Contains(problems[0].Message, "not used by Zerodha (zerodha)") || !strings.Contains(problems[0].Message, "fivepaisaxts") {
		t.Errorf("market data for zerodha: %v", problems)
	}
	expect(t, "one of them", zerodha.Check(credentials("k", "s", "", "ms")), "market_api_secret", "not used")
	expect(t, "the sample's", zerodha.Check(credentials("k", "s", "YOUR_BROKER_MARKET_API_KEY", "YOUR_BROKER_MARKET_API_SECRET")), "", "")
}

func TestAllFaultsAtOnce(t *testing.T) {
	problems := find(t, "iifl").Check(credentials("", " s", "YOUR_X", "a\nb"))
	if len(problems) != 4 {
		t.Errorf("want four problems, one a field: %v", problems)
	}
}

// FuzzCheck: whatever the credentials, Check names one of the four fields at
// most once, shows no value, and passes only what one line of .env can hold.
func FuzzCheck(f *testing.F) {
	f.Add("fivepaisa", "uk:::id:::cl", "secret", "", "")
	f.Add("dhan", "a:::b:::c", " blank", "mk", "ms")
	f.Add("iifl", "YOUR_BROKER_API_KEY", "a\nb", "\xff", "")
	f.Add("tradesmart", "::::", "s", "", "")
	f.Fuzz(func(t *testing.T, id, key, sec, mkey, msec string) {
		b, ok := broker.Find(id)
		if !ok {
			if near, ok := broker.Nearest(id); ok {
				b, _ = broker.Find(near)
			} else {
				b, _ = broker.Find("fivepaisa")
			}
		}
		// A mark around each value, so that a message that shows it is found.
		const mark = "canary-7f3a9b"
		values := map[string]string{"api_key": key + mark, "api_secret": mark + sec, "market_api_key": mkey + mark, "market_api_secret": mark + msec}
		c := credentials(values["api_key"], values["api_secret"], values["market_api_key"], values["market_api_secret"])
		bad := map[string]bool{}
		for _, p := range b.Check(c) {
			if _, known := values[p.Field]; !known || bad[p.Field] {
				t.Fatalf("field %q is unknown or reported twice", p.Field)
			}
			bad[p.Field] = true
			if strings.Contains(p.Message, mark) || strings.ContainsAny(p.Message, "\n\x00") {
				t.Fatalf("a message shows the value: %q", p.Message)
			}
		}
		for name, v := range values {
			if !bad[name] && strings.ContainsAny(v, "\n\r\x00") {
				t.Fatalf("%s of several lines passed", name)
			}
		}
		if b.ID == "fivepaisa" && !bad["api_key"] && strings.Count(values["api_key"], ":::") != 2 {
			t.Fatal("a key passed that OpenAlgo refuses to start with")
		}
	})
}

func credentials(key, sec, mkey, msec string) broker.Credentials {
	return broker.Credentials{APIKey: secret.New(key), APISecret: secret.New(sec), MarketAPIKey: secret.New(mkey), MarketAPISecret: secret.New(msec)}
}

// market gives v to the brokers that need market data, else nothing.
func market(b broker.Broker, v string) secret.Text {
	if b.NeedsMarketData() {
		return secret.New(v)
	}
	return secret.Text{}
}

// expect wants exactly one problem, of this field and with this in its
// message, or none when want is empty.
func expect(t *testing.T, name string, problems []broker.Problem, field, want string) {
	t.Helper()
	if want == "" {
		if len(problems) != 0 {
			t.Errorf("%s: refused: %v", name, problems)
		}
		return
	}
	if len(problems) != 1 || problems[0].Field != field || !strings.Contains(problems[0].Message, want) {
		t.Errorf("%s: want one problem of %s that says %q, got %v", name, field, want, problems)
	}
}

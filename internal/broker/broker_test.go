package broker_test

import (
	"fmt"
	"sort"
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/broker"
)

// The list of OpenAlgo's own .sample.env.
const validBrokers = "fivepaisa,fivepaisaxts,aliceblue,angel,arrow,compositedge,dhan,dhan_sandbox,definedge," +
	"deltaexchange,firstock,flattrade,fyers,groww,hdfcsecurities,hdfcsky,ibulls,iifl,iiflcapital,indmoney," +
	"jainamxts,kotak,motilal,mstock,nubra,paytm,pocketful,rmoney,samco,shoonya,tradejini,tradesmart,upstox," +
	"wisdom,zebu,zerodha"

func TestTheTableHasEveryBrokerOnce(t *testing.T) {
	want := strings.Split(validBrokers, ",")
	sort.Strings(want)
	if got := strings.Join(broker.IDs(), ","); got != strings.Join(want, ",") {
		t.Errorf("ids, sorted:\ngot  %s\nwant %s", got, strings.Join(want, ","))
	}
	if len(broker.All()) != 36 {
		t.Errorf("%d brokers", len(broker.All()))
	}
	for _, b := range broker.All() {
		if b.Name == "" || b.KeyLabel == "" || b.SecretLabel == "" || b.KeyExample == "" || b.SecretExample == "" {
			t.Errorf("%s lacks a text: %+v", b.ID, b)
		}
		if found, ok := broker.Find(b.ID); !ok || found != b {
			t.Errorf("Find(%q) = %v, %v", b.ID, found, ok)
		}
	}
	for _, id := range []string{"", "Zerodha", "icici"} {
		if _, ok := broker.Find(id); ok {
			t.Errorf("Find(%q) found something", id)
		}
	}
}

func TestKinds(t *testing.T) {
	special := map[string]broker.Kind{
		"fivepaisaxts": broker.XTS, "compositedge": broker.XTS, "ibulls": broker.XTS, "iifl": broker.XTS,
		"jainamxts": broker.XTS, "rmoney": broker.XTS, "wisdom": broker.XTS,
		"deltaexchange": broker.Crypto, "dhan_sandbox": broker.Sandbox,
	}
	for _, b := range broker.All() {
		want := broker.Standard
		if k, ok := special[b.ID]; ok {
			want = k
		}
		if b.Kind != want || b.NeedsMarketData() != (want == broker.XTS) {
			t.Errorf("%s: kind %s, market data %v; want %s", b.ID, b.Kind, b.NeedsMarketData(), want)
		}
	}
}

func TestRedirectURL(t *testing.T) {
	b := find(t, "zerodha")
	for _, origin := range []string{"https://algo.example.com", "https://algo.example.com/"} {
		if got := b.RedirectURL(origin); got != "https://algo.example.com/zerodha/callback" {
			t.Errorf("RedirectURL(%q) = %s", origin, got)
		}
	}
	if got := find(t, "dhan_sandbox").RedirectURL("http://127.0.0.1:5000"); got != "http://127.0.0.1:5000/dhan_sandbox/callback" {
		t.Errorf("got %s", got)
	}
}

func TestEnv(t *testing.T) {
	c := credentials("key", "sec", "mkey", "msec")
	const origin = "https://a.example"
	tests := map[string][]string{
		"zerodha": {"BROKER_API_KEY=key (secret)", "BROKER_API_SECRET=sec (secret)",
			"REDIRECT_URL=https://a.example/zerodha/callback"},
		"iifl": {"BROKER_API_KEY=key (secret)", "BROKER_API_SECRET=sec (secret)",
			"BROKER_API_KEY_MARKET=mkey (secret)", "BROKER_API_SECRET_MARKET=msec (secret)",
			"REDIRECT_URL=https://a.example/iifl/callback"},
		"deltaexchange": {"BROKER_API_KEY=key (secret)", "BROKER_API_SECRET=sec (secret)",
			"REDIRECT_URL=https://a.example/deltaexchange/callback", "DISABLE_SESSION_EXPIRY=true"},
	}
	for id, want := range tests {
		var got []string
		for _, v := range find(t, id).Env(origin, c) {
			line := v.Key + "=" + v.Value.Reveal()
			if v.Secret {
				line += " (secret)"
			}
			got = append(got, line)
		}
		if strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("%s:\n%s", id, strings.Join(got, "\n"))
		}
	}
	if printed := fmt.Sprintf("%v %+v", find(t, "iifl").Env(origin, c), c); strings.Contains(printed, "mkey") {
		t.Errorf("a credential was printed: %s", printed)
	}
}

func TestNearest(t *testing.T) {
	tests := map[string]string{
		"zeroda": "zerodha", "Zerodha": "zerodha", "zerodah": "zerodha", "kite zerodha": "",
		"5paisa": "fivepaisa", "5paisaxts": "fivepaisaxts", "5 Paisa (XTS)": "fivepaisaxts", "5pasia": "fivepaisa", "fivepaise": "fivepaisa",
		"angelone": "angel", "Angel One": "angel", "alice": "aliceblue", "alice-blue": "aliceblue",
		"upstocks": "upstox", "grow": "groww", "dhansandbox": "dhan_sandbox", "dhan-sandbx": "dhan_sandbox",
		"kotakneo": "kotak", "motilal oswal": "motilal", "hdfc-sky": "hdfcsky", "iifl capital": "iiflcapital",
		"delta": "deltaexchange", "finvasia": "", "interactivebrokers": "", "robinhood": "", "": "", "z": "", "a b": "",
	}
	for given, want := range tests {
		got, ok := broker.Nearest(given)
		if got != want || ok != (want != "") {
			t.Errorf("Nearest(%q) = %q, %v; want %q", given, got, ok, want)
		}
	}
	for _, id := range broker.IDs() {
		if got, _ := broker.Nearest(id); got != id {
			t.Errorf("Nearest(%q) = %q", id, got)
		}
	}
	if _, ok := broker.Nearest(strings.Repeat("zerodha", 10000)); ok {
		t.Error("70,000 letters are near to something")
	}
}

func find(t *testing.T, id string) broker.Broker {
	t.Helper()
	b, ok := broker.Find(id)
	if !ok {
		t.Fatalf("no broker %q", id)
	}
	return b
}

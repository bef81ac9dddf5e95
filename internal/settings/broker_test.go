package settings

import (
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/finding"
)

func TestKnownBroker(t *testing.T) {
	for redirect, says := range map[string]string{
		"http://127.0.0.1:5000/zerodha/callback": "", "http://127.0.0.1:5000/Zerodha/callback": "", "http://127.0.0.1:5000/callback": "names no broker",
		"http://127.0.0.1:5000/robinhood/callback": `names the broker "robinhood"`, "": "names no broker",
	} {
		err := KnownBroker(parsed(t, "REDIRECT_URL = '"+redirect+"'\n"))
		if says == "" && err != nil || says != "" && (finding.IDOf(err) != "broker-unknown" || finding.KindOf(err) != finding.HostNotReady || !strings.Contains(err.Error(), says)) {
			t.Errorf("%q: %v", redirect, err)
		}
	}
}

package event

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/finding"
	"github.com/marketcalls/openalgo-install/internal/secret"
	"github.com/marketcalls/openalgo-install/internal/welcome"
)

// A program that installs several finds in the result how each ended, and its link.
func TestInstalledAs(t *testing.T) {
	t.Parallel()
	r := Result{Changed: true, URL: "https://a.example.com", Message: "OpenAlgo is ready", Account: welcome.Account{Link: secret.New("https://a.example.com/setup?token=x")}}
	all := []Installed{
		InstalledAs("alpha", "/opt/openalgo-alpha", r, nil, 0, finding.Prompt{}),
		InstalledAs("beta", "/opt/openalgo-beta", Result{}, finding.Named(finding.HostNotReady, "port-taken", "taken"), 3, finding.Prompt{}),
	}
	text, err := json.Marshal(End(Result{Instances: all}, errors.New("not all"), finding.Prompt{}))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"name":"alpha","dir":"/opt/openalgo-alpha","ok":true,"exit":0,"changed":true`, `"url":"https://a.example.com"`, `"setup_link":"https://a.example.com/setup?token=x"`,
		`"name":"beta","dir":"/opt/openalgo-beta","ok":false,"exit":3,"changed":false,"id":"port-taken","message":"taken"`} {
		if !strings.Contains(string(text), want) {
			t.Errorf("no %s in %s", want, text)
		}
	}
}

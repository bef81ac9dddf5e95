package broker_test

import (
	"net/url"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/broker"
)

func TestPortal(t *testing.T) {
	known := 0
	for _, b := range broker.All() {
		at := b.Portal()
		if at == "" {
			if b.Where() != b.Name+"'s API page" {
				t.Errorf("%s: %q", b.ID, b.Where())
			}
			continue
		}
		known++
		if u, err := url.Parse(at); err != nil || u.Scheme != "https" || u.Host == "" || b.Where() != at {
			t.Errorf("%s: %q", b.ID, at)
		}
	}
	if known != 17 { // a line of the table for a broker that is not there counts nowhere
		t.Errorf("%d portals", known)
	}
	if got := (broker.Broker{}).Where(); got != "your broker's API page" {
		t.Error(got)
	}
}

package registered_test

import (
	"net/netip"
	"os"
	"testing"
	"time"

	"github.com/marketcalls/openalgo-install/internal/instance"
	"github.com/marketcalls/openalgo-install/internal/publicip"
	"github.com/marketcalls/openalgo-install/internal/registered"
)

func address(four, six string) (a publicip.Address) {
	if four != "" {
		a.IPv4 = netip.MustParseAddr(four)
	}
	if six != "" {
		a.IPv6 = netip.MustParseAddr(six)
	}
	return a
}

func TestRecord(t *testing.T) {
	t.Parallel()
	d := instance.Dir(t.TempDir())
	if err := os.Mkdir(d.Work(""), 0o700); err != nil {
		t.Fatal(err)
	}
	if r := registered.Load(d); r != nil || r.Text() != "" || r.Differs(address("203.0.113.8", "")) {
		t.Errorf("%+v", r)
	}
	if err := registered.Remember(d, address("203.0.113.7", "2001:db8::7"), time.Date(2026, 11, 26, 4, 32, 0, 0, time.UTC)); err != nil {
		t.Fatal(err)
	}
	r := registered.Load(d)
	if got := r.Text(); got != "203.0.113.7 (IPv6: 2001:db8::7), found on 26 Nov 2026, 10:02 IST" {
		t.Error(got)
	}
	for now, want := range map[publicip.Address]bool{
		address("203.0.113.7", "2001:db8::7"): false, address("203.0.113.8", "2001:db8::7"): true, address("203.0.113.7", ""): false,
		address("203.0.113.7", "2001:db8::8"): false, // orders go out by IPv4
		address("", "2001:db8::8"):            true, address("", "2001:db8::7"): false, {}: false,
	} {
		if r.Differs(now) != want {
			t.Errorf("%s: %v", now, !want)
		}
	}
}

package host

import (
	"net"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/finding"
)

func TestLoopback(t *testing.T) {
	t.Parallel()
	nets := func(texts ...string) (out []net.Addr) {
		for _, text := range texts {
			ip, n, err := net.ParseCIDR(text)
			if err != nil {
				t.Fatal(err)
			}
			n.IP = ip
			out = append(out, n)
		}
		return out
	}
	for want, lists := range map[string][][]net.Addr{
		"127.0.0.1": {nets("127.0.0.1/8", "::1/128", "203.0.113.9/24"), nets("::1/128", "127.0.0.1/8"), nets("203.0.113.9/24"), nil},
		"::1":       {nets("::1/128", "2001:db8::9/64"), nets("::1/128", "203.0.113.9/24")},
	} {
		for _, addrs := range lists {
			if got := loopbackOf(addrs); got != want {
				t.Errorf("%v: %s", addrs, got)
			}
		}
	}
}

func TestAddressThatIsNotThere(t *testing.T) {
	t.Parallel()
	_, err := PortHolder(t.Context(), "192.0.2.77", 5000)
	if finding.IDOf(err) != "address-missing" {
		t.Error(err)
	}
}

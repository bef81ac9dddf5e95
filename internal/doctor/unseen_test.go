package doctor

import (
	"errors"
	"net/netip"
	"slices"
	"testing"

	"github.com/marketcalls/openalgo-install/internal/host"
	"github.com/marketcalls/openalgo-install/internal/publicip"
	"github.com/marketcalls/openalgo-install/internal/registered"
	"github.com/marketcalls/openalgo-install/internal/status"
)

// seenBy returns the problems that a check finds, and those that it could not look for.
func seenBy(found []Finding) (ids, not []string) {
	for _, f := range found {
		if f.Level != OK {
			ids = append(ids, f.ID)
		}
		not = append(not, f.Unseen...)
	}
	return ids, not
}

// A network that is away says nothing of what is out there.
func TestWithoutANetwork(t *testing.T) {
	t.Parallel()
	before := &registered.Record{Address: publicip.Address{IPv4: netip.MustParseAddr("203.0.113.7")}}
	for name, test := range map[string]struct {
		found []Finding
		want  string
	}{
		"address":     {(&address{before: before}).judge(patient{}), "address-changed"},
		"its own":     {(&address{before: before, now: publicip.Address{IPv4: netip.MustParseAddr("192.0.2.2"), Guess: true}}).judge(patient{}), "address-changed"},
		"registry":    {(&newer{}).judge(*soundPatient(t)), "image-newer"},
		"domain":      {(&domain{name: "a", dns: &host.DNSReport{Problem: "cannot look up"}}).judge(patient{}), "dns-mismatch"},
		"certificate": {(&domain{name: "a", dns: &host.DNSReport{Problem: "cannot look up"}}).judge(patient{}), "certificate-expires"},
	} {
		ids, not := seenBy(test.found)
		if slices.Contains(ids, test.want) || !slices.Contains(not, test.want) {
			t.Errorf("%s: finds %q, could not look for %q", name, ids, not)
		}
	}
	if ids, not := seenBy((&newer{}).judge(patient{})); ids != nil || not != nil {
		t.Error(ids, not)
	}
}

func soundPatient(t *testing.T) *patient {
	t.Helper()
	return &sound(t).patient
}

// Behind a router this machine does not have the address that others see it by.
func TestDomainBehindARouter(t *testing.T) {
	t.Parallel()
	a, other := netip.MustParseAddr("203.0.113.7"), netip.MustParseAddr("198.51.100.9")
	unsure := &host.DNSReport{A: []netip.Addr{a}, Problem: "this machine has no public IPv4 address of its own"}
	for name, test := range map[string]struct {
		domain domain
		want   string
	}{
		"its own":                  {domain{dns: unsure, public: publicip.Address{IPv4: a}, ours: true}, ""},
		"another, and we serve it": {domain{dns: unsure, public: publicip.Address{IPv4: other}, ours: true}, "dns-mismatch"},
		"another's proxy":          {domain{dns: unsure, public: publicip.Address{IPv4: other}}, "dns-unsure"},
		"nobody knows":             {domain{dns: unsure, ours: true}, "dns-unsure"},
		"judged":                   {domain{dns: &host.DNSReport{A: []netip.Addr{other}, Judged: true, Problem: "x"}}, "dns-mismatch"},
	} {
		found := test.domain.address()
		if len(found) != 1 || found[0].ID != test.want {
			t.Errorf("%s: %+v", name, found)
		}
	}
}

// A Docker that does not answer has not removed the container.
func TestAContainerThatIsNotSeen(t *testing.T) {
	t.Parallel()
	p := patient{instance: &status.Instance{}, containerErr: errors.New("no answer")}
	if f := container(p); len(f) != 1 || f[0].ID != "container-unseen" || f[0].Level != Failure {
		t.Errorf("%+v", f)
	}
	p.containerErr = nil
	if f := container(p); len(f) != 1 || f[0].ID != "container-missing" {
		t.Errorf("%+v", f)
	}
}

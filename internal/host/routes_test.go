package host

import (
	"fmt"
	"strings"
	"testing"
)

// A server with Docker and a VPN, as its kernel prints that.
const (
	route4 = `Iface	Destination	Gateway 	Flags	RefCnt	Use	Metric	Mask		MTU	Window	IRTT
eth0	00000000	017100CB	0003	0	0	0	00000000	0	0	0
tun0	00000000	0100080A	0003	0	0	0	00000080	0	0	0
eth0	007100CB	00000000	0001	0	0	0	00FFFFFF	0	0	0
docker0	000011AC	00000000	0001	0	0	0	0000FFFF	0	0	0
tun0	000010AC	0100080A	0003	0	0	0	0000F0FF	0	0	0
*	0000A8C0	00000000	0201	0	0	0	0000FFFF	0	0	0
`
	only6 = `00000000000000000000000000000000 00 00000000000000000000000000000000 00 fe800000000000000000000000000001 00000400 00000001 00000000 00000003 eth0
00000000000000000000000000000000 00 00000000000000000000000000000000 00 00000000000000000000000000000000 ffffffff 00000001 00000000 00200200       lo
20010db8000000000000000000000000 40 00000000000000000000000000000000 00 00000000000000000000000000000000 00000100 00000001 00000000 00000001 eth0
`
	none6 = `00000000000000000000000000000000 00 00000000000000000000000000000000 00 00000000000000000000000000000000 ffffffff 00000001 00000000 00200200       lo
`
)

func TestRoutes(t *testing.T) {
	t.Parallel()
	heading, _, _ := strings.Cut(route4, "\n")
	for name, c := range map[string]struct {
		four, six  string
		want       string
		ipv4, ipv6 bool
	}{
		"a server":      {route4, none6, "[{0.0.0.0/0 eth0 false} {0.0.0.0/1 tun0 false} {203.0.113.0/24 eth0 true} {172.17.0.0/16 docker0 true} {172.16.0.0/12 tun0 false}]", true, false},
		"IPv6 alone":    {heading, only6, "[]", false, true},
		"no network":    {heading, none6, "[]", false, false},
		"no such files": {"", "", "[]", false, false},
		"nonsense":      {"eth0 x y z a b c d\neth0 00 00 0003 0 0 0 00\n", "00 00\n", "[]", false, false},
	} {
		r := parseRoutes(c.four, c.six)
		if got := fmt.Sprint(r.To); got != c.want || r.IPv4 != c.ipv4 || r.IPv6 != c.ipv6 {
			t.Errorf("%s: %s %v %v", name, got, r.IPv4, r.IPv6)
		}
	}
	r := parseRoutes(route4, "")
	if len(r.To) != 5 || r.To[1].To.String() != "0.0.0.0/1" || r.To[4].To.String() != "172.16.0.0/12" || r.To[4].OnLink || !r.To[3].OnLink {
		t.Errorf("%v", r.To)
	}
}

func FuzzRoutes(f *testing.F) {
	f.Add(route4, only6)
	f.Fuzz(func(_ *testing.T, four, six string) { parseRoutes(four, six) })
}

package answers

import "testing"

func TestAddressOfPorts(t *testing.T) {
	t.Parallel()
	for bind, want := range map[string]string{
		"127.0.0.1": "127.0.0.1:5000", "": "127.0.0.1:5000", "0.0.0.0": "127.0.0.1:5000", "127.0.0.2": "127.0.0.2:5000",
		"::1": "[::1]:5000", "::": "[::1]:5000", "::ffff:127.0.0.1": "127.0.0.1:5000", "192.168.1.5": "192.168.1.5:5000", "fd00::5": "[fd00::5]:5000",
	} {
		a := Answers{Ports: Ports{Web: 5000, WebSocket: 8765, Bind: bind}}
		if got := a.Ports.At(5000); got != want || a.Origin() != "http://"+want {
			t.Errorf("%q: %s, %s", bind, got, a.Origin())
		}
		if got := a.Ports.InNetwork(); got != (bind == "192.168.1.5" || bind == "fd00::5") {
			t.Errorf("%q: other machines know it: %v", bind, got)
		}
	}
}

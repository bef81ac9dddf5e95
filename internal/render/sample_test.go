package render

import "testing"

func TestMayKnowNoSalt(t *testing.T) {
	for ref, want := range map[string]bool{
		"marketcalls/openalgo:latest": false, "marketcalls/openalgo:2.0.0.9": true, "marketcalls/openalgo:2.0.1.0": true,
		"marketcalls/openalgo:2.0.1.1": false, "marketcalls/openalgo:2.0.2.1": false, "localhost:5000/openalgo:1.9.0.3": true,
		"marketcalls/openalgo": false, "localhost:5000/openalgo": false, "marketcalls/openalgo@sha256:00": false,
		"v2.0.0.8": true, "main": false, "60156bc52": false, "": false, "openalgo:2.1.0": false,
	} {
		if got := mayKnowNoSalt(ref); got != want {
			t.Errorf("%s: %v, want %v", ref, got, want)
		}
	}
}

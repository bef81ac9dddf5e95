package loopback_test

import (
	"testing"

	"github.com/marketcalls/openalgo-install/internal/loopback"
)

func TestIs(t *testing.T) {
	for host, want := range map[string]bool{
		"localhost": true, " LOCALHOST ": true, "algo.localhost": true, "127.0.0.1": true, "127.1": true, "127.9.8.7": true, "::1": true, "[::1]": true, "::ffff:127.0.0.1": true,
		"": false, "0.0.0.0": false, "::": false, "10.0.0.1": false, "127.example.com": false, "localhost.example.com": false, "mylocalhost": false, "::2": false, "1270.0.0.1": false,
	} {
		if got := loopback.Is(host); got != want {
			t.Errorf("%q: %v", host, got)
		}
	}
}

package kubectl

import "testing"

func TestShortened(t *testing.T) {
	t.Parallel()
	log := "E1127 02:36:19.123456    4242 memcache.go:265] \"Unhandled Error\" err=\"dial tcp 127.0.0.1:6443\"\n"
	for said, want := range map[string]string{
		log + log + "The connection to the server 127.0.0.1:6443 was refused\n": "The connection to the server 127.0.0.1:6443 was refused",
		"Warning: old\nError from server (NotFound): no\n":                      "Warning: old Error from server (NotFound): no",
		"E1127 only": "E1127 only",
		"":           "",
		"Ex":         "Ex",
	} {
		if got := shortened(said); got != want {
			t.Errorf("%q: %q, want %q", said, got, want)
		}
	}
}

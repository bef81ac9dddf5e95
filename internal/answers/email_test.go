package answers

import "testing"

func TestIsEmail(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"me@example.com": true, "a.b+c@mail.example.com": true, "x@localhost": true, "o'neill@example.com": true,
		"me": false, "@example.com": false, "me@": false, "a@b@c": false, "a..b@example.com": false, ".a@example.com": false,
		"Me <me@example.com>": false, "me@example.com\n": false, `"a b"@example.com`: false, "me@exa{mple}.com": false, "me@-": false,
		"`id`@example.com": false, "me@[192.0.2.1]": false,
	} {
		if isEmail(text) != want {
			t.Errorf("%q: %v", text, !want)
		}
	}
}

package elsewhere

import "testing"

func TestReordered(t *testing.T) {
	t.Parallel()
	for settings, want := range map[string]string{
		"host x\nciphers chacha20-poly1305@openssh.com,aes128-ctr,aes128-gcm@openssh.com,aes256-gcm@openssh.com\nmacs y\n": "aes128-gcm@openssh.com,aes256-gcm@openssh.com,chacha20-poly1305@openssh.com,aes128-ctr",
		"ciphers chacha20-poly1305@openssh.com\n": "", // the user's choice
		"ciphers \n":       "",
		"unknown option\n": "",
		"":                 "",
	} {
		if got := reordered([]byte(settings)); got != want {
			t.Errorf("%q: %q, want %q", settings, got, want)
		}
	}
}

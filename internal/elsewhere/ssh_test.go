package elsewhere

import (
	"io"
	"strings"
	"testing"
)

// What a program says without an end is not kept whole.
func TestBounded(t *testing.T) {
	t.Parallel()
	var b bounded
	if n, err := io.Copy(&b, strings.NewReader(strings.Repeat("x", 1<<20))); n != 1<<20 || err != nil || len(b.String()) != 4096 {
		t.Errorf("%d, %v: %d bytes are kept", n, err, len(b.String()))
	}
}

func TestReordered(t *testing.T) {
	t.Parallel()
	for settings, want := range map[string]string{
		"host x\nciphers chacha20-poly1305@openssh.com,aes128-ctr,aes128-gcm@openssh.com,aes256-gcm@openssh.com\nmacs y\n": "aes128-gcm@openssh.com,aes256-gcm@openssh.com,chacha20-poly1305@openssh.com,aes128-ctr",
		"ciphers chacha20-poly1305@openssh.com\n": "", // the user's choice
		"ciphers \n":       "",
		"unknown option\n": "",
		"":                 "",
	} {
		if got := reordered(settings); got != want {
			t.Errorf("%q: %q, want %q", settings, got, want)
		}
	}
}

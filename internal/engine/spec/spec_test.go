package spec

import (
	"testing"
	"time"
)

func TestRestart(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "no", "always", "unless-stopped", "on-failure", "on-failure:3"} {
		if p, err := Restart(text); err != nil || RestartText(p) != text {
			t.Errorf("%q: %q, %v", text, RestartText(p), err)
		}
	}
	for _, text := range []string{"sometimes:2", "on-failure:often", "always:3"} {
		if _, err := Restart(text); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
}

func TestSeconds(t *testing.T) {
	t.Parallel()
	if n := Seconds(1500 * time.Millisecond); n == nil || *n != 2 {
		t.Error("a grace became shorter")
	}
	if Seconds(0) != nil {
		t.Error("no grace became one")
	}
}

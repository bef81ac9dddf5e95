package finding

import (
	"errors"
	"fmt"
	"testing"
)

func TestKindAndID(t *testing.T) {
	t.Parallel()
	refusal := &Error{Kind: HostNotReady, Err: &Refusal{Check: "keys", What: "what"}}
	for name, test := range map[string]struct {
		err  error
		kind Kind
		id   string
	}{
		"plain":    {errors.New("x"), Failed, ""},
		"wrapped":  {fmt.Errorf("more: %w", Errorf(Broken, "x")), Broken, ""},
		"named":    {&Error{Kind: Usage, ID: "port-taken", Err: errors.New("x")}, Usage, "port-taken"},
		"refusal":  {fmt.Errorf("more: %w", refusal), HostNotReady, "keys"},
		"its name": {&Error{Kind: HostNotReady, ID: "other", Err: refusal.Err}, HostNotReady, "other"},
		"joined":   {errors.Join(errors.New("x"), Cancel()), Cancelled, ""},
	} {
		if kind, id := KindOf(test.err), IDOf(test.err); kind != test.kind || id != test.id {
			t.Errorf("%s: %s %q, want %s %q", name, kind, id, test.kind, test.id)
		}
	}
}

func TestErrorWithLog(t *testing.T) {
	t.Parallel()
	cause := errors.New("it stopped")
	err := &Error{Err: cause, Log: []string{"one", "two"}}
	if want := "it stopped\nthe container's last lines:\n    one\n    two"; err.Error() != want {
		t.Errorf("%q, want %q", err, want)
	}
	if got := WithoutLog(fmt.Errorf("more: %w", err)); !errors.Is(got, cause) || got.Error() != "it stopped" {
		t.Errorf("without its log: %v", got)
	}
	err.LogOf = "the step's last lines"
	if err.LogTitle() != err.LogOf {
		t.Error("the title is another")
	}
}

func TestNotReady(t *testing.T) {
	t.Parallel()
	cause := errors.New("cause")
	if NotReady(nil, cause) != nil {
		t.Error("an error without a problem")
	}
	one, two := NotReady([]string{"a"}, cause), NotReady([]string{"a", "b"}, cause, nil)
	if one.Error() != "a" || two.Error() != "this host is not ready:\n  - a\n  - b" {
		t.Errorf("%q, %q", one, two)
	}
	if !errors.Is(two, cause) || KindOf(two) != HostNotReady {
		t.Error("the cause or the kind is lost")
	}
}

// A command stands on its own line, ready to paste.
func TestRefusalText(t *testing.T) {
	t.Parallel()
	r := &Refusal{What: "what", Why: "Why.", Ways: []Way{{"Do this", "sudo one"}, {Do: "Or that"}}, End: "Nothing was changed."}
	want := "what\n\nWhy.\n\nYou can do one of these:\n\n  - Do this:\n\n        sudo one\n\n  - Or that\n\nNothing was changed."
	if got := r.Error(); got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestHinted(t *testing.T) {
	t.Parallel()
	for dir, want := range map[string]string{
		DefaultDir:  "try openalgo-install start",
		"/srv/algo": "try openalgo-install --dir /srv/algo start",
		"/srv/a b":  "try openalgo-install --dir '/srv/a b' start",
	} {
		if got := Hinted(dir, "try openalgo-install start"); got != want {
			t.Errorf("%s: %q, want %q", dir, got, want)
		}
	}
}

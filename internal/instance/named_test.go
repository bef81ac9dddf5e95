package instance

import "testing"

// Two instances that came of one backup give their own backups different names, and a
// restore in its own place changes none.
func TestNamedAfter(t *testing.T) {
	t.Parallel()
	at := func(engine, dir string, before State) string {
		return before.NamedAfter(State{Salt: "a"}, engine, Dir(dir))
	}
	fresh := State{}
	if one, two := at("x", "/opt/openalgo", fresh), at("y", "/opt/openalgo", fresh); one == two || one == "" || one != at("x", "/opt/openalgo", fresh) {
		t.Errorf("%q and %q", one, two)
	}
	for _, test := range []struct {
		before State
		want   string
	}{
		{State{Salt: "a"}, ""},
		{State{Salt: "a", Named: "n"}, "n"},
		{State{Salt: "b"}, "b"},
		{State{Salt: "b", Named: "n"}, "n"},
	} {
		if got := at("x", "/opt/openalgo", test.before); got != test.want {
			t.Errorf("%+v: %q, want %q", test.before, got, test.want)
		}
	}
}

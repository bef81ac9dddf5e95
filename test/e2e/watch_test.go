package e2e_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// told is what a webhook gets.
type told struct {
	Events []struct {
		Event, Instance, State, Command string
	}
}

// A container that is stopped is told once, and its end once.
func TestWatch(t *testing.T) {
	t.Parallel()
	i := newInstance(t)
	i.install(0)
	var lock sync.Mutex
	var down []string // what was told of this instance
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var doc told
		if err := json.NewDecoder(r.Body).Decode(&doc); err != nil {
			t.Error(err)
		}
		lock.Lock()
		defer lock.Unlock()
		for _, e := range doc.Events {
			if e.Event == "down" && e.Instance == i.project {
				down = append(down, e.State+" "+e.Command)
			}
		}
	}))
	defer receiver.Close()
	add := i.command("notify", "add", "webhook")
	add.Stdin = strings.NewReader(receiver.URL + "\n")
	if out, err := add.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	rounds := func(n int) {
		for range n {
			if out := i.run("watch", "run"); out.code != 0 {
				t.Fatalf("exits %d\n%s", out.code, out.all())
			}
		}
	}
	if err := docker.Stop(t.Context(), i.container().ID, 0); err != nil {
		t.Fatal(err)
	}
	rounds(3)
	if len(down) != 1 || !strings.HasPrefix(down[0], "problem ") || !strings.Contains(down[0], "start") {
		t.Errorf("told of a container that was stopped: %q", down)
	}
	var seen struct {
		Watch struct {
			On       bool
			Problems []struct{ ID, Instance string }
		}
	}
	if err := json.Unmarshal([]byte(i.run("status", "--json").stdout), &seen); err != nil || len(seen.Watch.Problems) == 0 {
		t.Errorf("%v: %+v", err, seen)
	}
	if out := i.run("start"); out.code != 0 {
		t.Fatal(out.all())
	}
	rounds(2)
	if len(down) != 2 || !strings.HasPrefix(down[1], "ended") {
		t.Errorf("told of its end: %q", down)
	}
}
